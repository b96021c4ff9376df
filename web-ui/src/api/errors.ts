/** Why a request gave no data. `code` is the server's word, or one of ours where there was no answer. */
export class ApiError extends Error {
  override readonly name = 'ApiError'
  constructor(
    message: string,
    readonly code: string,
    readonly retryAfterSeconds?: number,
  ) {
    super(message)
  }
}

/** What the API says about a refused input. */
export interface UserError {
  code: string
  message: string
  field: string[]
  line?: number | null
  column?: number | null
}

/** A mutation that was refused: people read `message`, forms put it beside `field`. */
export class Refused extends Error {
  override readonly name = 'Refused'
  constructor(readonly errors: UserError[]) {
    super(errors.map((e) => sentence(e.message)).join(' '))
  }

  /** The message for one input, such as `exception.name`; the empty path takes what no input owns. */
  at(path: string): string | undefined {
    return this.errors.find((e) => e.field.join('.') === path)?.message
  }
}

export function accepted<T extends { userErrors: UserError[] }>(payload: T): T {
  if (payload.userErrors.length > 0) throw new Refused(payload.userErrors)
  return payload
}

/** Server messages are lower case without a full stop; people read sentences. */
export function sentence(message: string): string {
  const text = message.charAt(0).toUpperCase() + message.slice(1)
  return /[.!?…]$/.test(text) ? text : `${text}.`
}

export function messageOf(error: unknown): string {
  if (error instanceof Refused) return error.message
  return error instanceof Error ? sentence(error.message) : 'Something went wrong.'
}
