import type { TypedDocumentString } from './__generated__/graphql'
import { ApiError } from './errors'
import { postJson } from './http'

interface Answer<T> {
  data?: T | null
  errors?: { message: string; extensions?: { code?: string } }[]
}

/** Runs one GraphQL operation; any error in the answer is thrown. */
export async function request<T, V>(document: TypedDocumentString<T, V>, variables: V): Promise<T> {
  const response = await postJson('/graphql', { query: document.toString(), variables })
  const answer = (await response.json().catch(() => ({}))) as Answer<T>
  const error = answer.errors?.[0]
  if (error) throw new ApiError(error.message, error.extensions?.code ?? 'INTERNAL')
  if (response.status === 401) throw new ApiError('your session has ended', 'UNAUTHENTICATED')
  if (!response.ok || !answer.data) throw new ApiError(`the server answered ${String(response.status)} without data`, 'INTERNAL')
  return answer.data
}

export interface Credentials {
  tenant: string
  name: string
  password: string
}

export async function login(credentials: Credentials): Promise<void> {
  const response = await postJson('/api/login', credentials)
  if (response.ok) return
  const body = (await response.json().catch(() => ({}))) as { code?: string; message?: string; retryAfterSeconds?: number }
  throw new ApiError(body.message ?? `the server answered ${String(response.status)}`, body.code ?? 'INTERNAL', body.retryAfterSeconds)
}

export async function logout(): Promise<void> {
  await postJson('/api/logout', {})
}
