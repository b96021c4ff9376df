import { useParams } from '@tanstack/react-router'

import { paths } from '~/util/paths'

/** The tenant of the page, from its URL, with the paths below it. */
export function useTenant() {
  const { tenant } = useParams({ strict: false })
  if (!tenant) throw new Error('this page belongs to no tenant')
  return { tenant, to: paths(tenant) }
}
