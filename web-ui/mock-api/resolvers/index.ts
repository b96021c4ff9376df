import type { QueryResolvers, Resolvers, SubscriptionResolvers } from '../__generated__/schema.ts'
import { locate, tenantOf, type Context, type Topic } from '../context.ts'
import type { FindingRow, TenantRow } from '../world.ts'

import { Mutation } from './mutations.ts'
import { findingMatches, Tenant } from './tenant.ts'
import { types } from './types.ts'

const Query: QueryResolvers = {
  me: (_, __, { session }) => session?.user ?? null,
  tenant: (_, { id }, context) => tenantOf(context, id),
  node: (_, { id }, context) => {
    const kinds = [(t: TenantRow) => t.findings, (t: TenantRow) => t.cases, (t: TenantRow) => t.nodes, (t: TenantRow) => t.rules, (t: TenantRow) => t.tokens, (t: TenantRow) => t.deadLetters]
    for (const rows of kinds) {
      const found = locate<{ id: string }>(context, id, rows)
      if (found) return found.row as FindingRow
    }
    return null
  },
}

function follow<K extends string>(name: K, topic: Topic) {
  return {
    subscribe: async function* (_: unknown, { tenant }: { tenant: string }, context: Context) {
      if (!tenantOf(context, tenant) || !context.session) throw new Error(`tenant \`${tenant}\` is not known`)
      for await (const row of context.session.bus.subscribe(topic, tenant)) yield { [name]: row }
    },
  }
}

const Subscription = {
  findingRaised: {
    subscribe: async function* (_, { tenant, filter }, context) {
      if (!tenantOf(context, tenant) || !context.session) throw new Error(`tenant \`${tenant}\` is not known`)
      for await (const row of context.session.bus.subscribe('finding', tenant, findingMatches(filter))) yield { findingRaised: row }
    },
  },
  caseChanged: follow('caseChanged', 'case'),
  nodeChanged: follow('nodeChanged', 'node'),
  ruleChanged: follow('ruleChanged', 'rule'),
} as SubscriptionResolvers

export const resolvers: Resolvers = { Query, Mutation, Subscription, Tenant, ...types }
