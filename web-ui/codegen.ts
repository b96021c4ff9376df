import type { CodegenConfig } from '@graphql-codegen/cli'

const scalars = { DateTime: 'string', JSON: 'unknown' }

const config: CodegenConfig = {
  schema: 'schema.graphql',
  generates: {
    'src/api/__generated__/': {
      documents: ['src/**/*.{ts,tsx}', '!src/api/__generated__/**'],
      preset: 'client',
      // String documents keep the GraphQL parser out of the bundle.
      config: { documentMode: 'string', scalars, strictScalars: true, enumsAsTypes: true, useTypeImports: true },
      presetConfig: { fragmentMasking: false },
    },
    'mock-api/__generated__/schema.ts': {
      plugins: ['typescript', 'typescript-resolvers'],
      config: {
        scalars,
        strictScalars: true,
        enumsAsTypes: true,
        useTypeImports: true,
        contextType: '../context#Context',
        mappers: {
          Tenant: '../world#TenantRow',
          Finding: '../world#FindingRow',
          ActivityEvent: '../world#FindingRow',
          Case: '../world#CaseRow',
          WatchedNode: '../world#NodeRow',
          Rule: '../world#RuleRow',
          Change: '../world#ChangeRow',
          Comment: '../world#CommentRow',
          EnrollmentToken: '../world#TokenRow',
          DeadLetter: '../world#DeadLetterRow',
          DeadLetterHeader: '../world#DeadLetterHeaderRow',
          Viewer: '../world#UserRow',
        },
      },
    },
  },
}

export default config
