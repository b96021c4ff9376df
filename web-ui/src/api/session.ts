import { queryOptions } from '@tanstack/react-query'

import { graphql } from './__generated__'
import type { MeQuery } from './__generated__/graphql'
import { request } from './client'

const Me = graphql(`
  query Me {
    me {
      id
      name
      permissions
      mustChangePassword
      tenants {
        id
        slug
        name
      }
    }
  }
`)

export type Viewer = NonNullable<MeQuery['me']>

/** Who is signed in; null when nobody is. */
export const viewerQuery = queryOptions({
  queryKey: ['me'],
  queryFn: async () => (await request(Me, {})).me ?? null,
  staleTime: 5 * 60_000,
})
