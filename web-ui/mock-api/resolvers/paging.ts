/** A Relay connection over an array: the cursor is the id of the last row. */
export function connection<T>(rows: T[], { first, after }: { first?: number | null; after?: string | null }, key: (row: T) => string) {
  const begin = after ? rows.findIndex((row) => key(row) === after) + 1 : 0
  const nodes = rows.slice(begin, begin + Math.min(first ?? 50, 200))
  const edges = nodes.map((node) => ({ node, cursor: key(node) }))
  return {
    edges,
    nodes,
    pageInfo: {
      hasNextPage: begin + nodes.length < rows.length,
      hasPreviousPage: begin > 0,
      startCursor: edges[0]?.cursor ?? null,
      endCursor: edges.at(-1)?.cursor ?? null,
      damaged: 0,
    },
  }
}
