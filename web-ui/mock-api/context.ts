// What a resolver is given: the signed-in person, their world, and a way to tell subscribers.
import type { TenantRow, UserRow, World } from './world.ts'

export type Topic = 'finding' | 'case' | 'node' | 'rule'

/** A tiny in-memory bus: subscribers get what is published while they listen. */
export class Bus {
  private readonly listeners = new Set<(topic: Topic, tenant: string, row: unknown) => void>()

  publish(topic: Topic, tenant: string, row: unknown): void {
    for (const listener of this.listeners) listener(topic, tenant, row)
  }

  async *subscribe<T>(topic: Topic, tenant: string, accepts: (row: T) => boolean = () => true): AsyncGenerator<T> {
    const queue: T[] = []
    let wake: (() => void) | undefined
    const listener = (t: Topic, of: string, row: unknown) => {
      if (t !== topic || of !== tenant || !accepts(row as T)) return
      queue.push(row as T)
      wake?.()
    }
    this.listeners.add(listener)
    try {
      for (;;) {
        const next = queue.shift()
        if (next !== undefined) yield next
        else await new Promise<void>((resolve) => (wake = resolve))
      }
    } finally {
      this.listeners.delete(listener)
    }
  }
}

export interface Session {
  world: World
  bus: Bus
  user: UserRow
}

export interface Context {
  session: Session | null
}

/** A tenant the person belongs to; any other looks as if it did not exist. */
export function tenantOf(context: Context, slug: string): TenantRow | null {
  const { session } = context
  if (!session?.user.memberOf.includes(slug)) return null
  return session.world.tenants.find((t) => t.slug === slug) ?? null
}

/** Finds a row and its tenant by a global id, among the person's tenants only. */
export function locate<T extends { id: string }>(
  context: Context,
  id: string,
  rows: (tenant: TenantRow) => T[],
): { tenant: TenantRow; row: T } | null {
  for (const slug of context.session?.user.memberOf ?? []) {
    const tenant = tenantOf(context, slug)
    const row = tenant && rows(tenant).find((r) => r.id === id)
    if (row) return { tenant, row }
  }
  return null
}

/** The tenant that holds a row. Rows carry no tenant of their own, as on the wire. */
export function ownerOf(context: Context, holds: (tenant: TenantRow) => boolean): TenantRow {
  const tenant = context.session?.world.tenants.find(holds)
  if (!tenant) throw new Error('the row belongs to no tenant')
  return tenant
}
