import { ApiError } from './errors'

/** The only place that uses the network by HTTP. Same origin, cookie session, JSON. */
export async function postJson(path: string, body: unknown): Promise<Response> {
  try {
    return await fetch(path, {
      method: 'POST',
      credentials: 'same-origin',
      headers: { 'content-type': 'application/json', accept: 'application/json' },
      body: JSON.stringify(body),
    })
  } catch {
    throw new ApiError('the server can not be reached; check that Vedetta runs', 'UNREACHABLE')
  }
}
