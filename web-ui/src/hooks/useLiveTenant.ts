import { useQueryClient } from '@tanstack/react-query'
import { useEffect } from 'react'

import { graphql } from '~/api/__generated__'
import { refetch, type About } from '~/api/keys'
import { follow, onReconnect } from '~/api/live'

const FindingRaised = graphql(`subscription FindingRaised($tenant: String!) { findingRaised(tenant: $tenant) { id } }`)
const CaseChanged = graphql(`subscription CaseChanged($tenant: String!) { caseChanged(tenant: $tenant) { id } }`)
const NodeChanged = graphql(`subscription NodeChanged($tenant: String!) { nodeChanged(tenant: $tenant) { id } }`)
const RuleChanged = graphql(`subscription RuleChanged($tenant: String!) { ruleChanged(tenant: $tenant) { id } }`)

const EVERY = 1500

/** Keeps what a tenant's pages show fresh: collects changes and fetches at most once per step what they touch. */
export function useLiveTenant(tenant: string): void {
  const client = useQueryClient()
  useEffect(() => {
    const touched = new Set<About>()
    let timer: ReturnType<typeof setTimeout> | undefined
    const touch = (...about: About[]) => {
      for (const name of about) touched.add(name)
      timer ??= setTimeout(() => {
        timer = undefined
        const names = [...touched]
        touched.clear()
        refetch(client, tenant, names)
      }, EVERY)
    }
    const ends = [
      // The list of findings takes new ones in by itself.
      follow(FindingRaised, { tenant }, () => { touch('overview', 'cases') }),
      follow(CaseChanged, { tenant }, () => { touch('overview', 'cases', 'changes') }),
      follow(NodeChanged, { tenant }, () => { touch('overview', 'nodes') }),
      follow(RuleChanged, { tenant }, () => { touch('rules', 'changes') }),
      onReconnect(() => void client.invalidateQueries({ queryKey: ['t', tenant] })),
    ]
    return () => {
      clearTimeout(timer)
      for (const end of ends) end()
    }
  }, [client, tenant])
}
