import { useMutation, useQueryClient } from '@tanstack/react-query'

import type { TypedDocumentString } from '~/api/__generated__/graphql'
import { request } from '~/api/client'
import { accepted, messageOf, Refused, type UserError } from '~/api/errors'
import { refetch, type About } from '~/api/keys'
import { toast } from '~/stores/toasts'

interface Options<P> {
  tenant: string
  /** What the answer of the server makes stale. */
  stale: About[]
  /** Said when it is done. */
  done?: string | ((payload: P) => string)
  onDone?: (payload: P) => void
  /** Inputs at which the form shows refusals itself; all others are said in a message. */
  shows?: readonly string[] | 'all'
}

/** A decision: a mutation whose refusal people get to read, and after which the affected pages are fetched again. */
export function useDecision<T, V, P extends { userErrors: UserError[] }>(document: TypedDocumentString<T, V>, pick: (data: T) => P, options: Options<P>) {
  const client = useQueryClient()
  return useMutation({
    mutationFn: async (variables: V) => accepted(pick(await request(document, variables))),
    onSuccess: (payload) => {
      refetch(client, options.tenant, [...options.stale, 'changes'])
      const text = typeof options.done === 'function' ? options.done(payload) : options.done
      if (text) toast('good', text)
      options.onDone?.(payload)
    },
    onError: (error) => {
      if (!(error instanceof Refused)) toast('danger', messageOf(error))
      else if (options.shows !== 'all') {
        const unseen = error.errors.filter((e) => !options.shows?.includes(e.field.join('.')))
        if (unseen.length > 0) toast('danger', new Refused(unseen).message)
      }
    },
  })
}

/** The refusal that a form shows at one of its inputs. */
export function refusalAt(error: unknown, path: string): string | undefined {
  return error instanceof Refused ? error.at(path) : undefined
}
