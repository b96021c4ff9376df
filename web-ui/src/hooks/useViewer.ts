import { useSuspenseQuery } from '@tanstack/react-query'

import { viewerQuery, type Viewer } from '~/api/session'

/** The signed-in person. Pages below a tenant always have one: the layout saw to it. */
export function useViewer(): Viewer {
  const { data } = useSuspenseQuery(viewerQuery)
  if (!data) throw new Error('nobody is signed in')
  return data
}
