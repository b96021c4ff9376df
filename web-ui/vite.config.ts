import { fileURLToPath } from 'node:url'

import react from '@vitejs/plugin-react'
import { defineConfig } from 'vitest/config'

import { mockApi } from './mock-api/vite-plugin.ts'

// `VEDETTA_API=http://127.0.0.1:8080 npm run dev` talks to a running system instead of the mock.
const api = process.env.VEDETTA_API

export default defineConfig({
  plugins: [react(), api ? [] : mockApi()],
  resolve: { alias: { '~': fileURLToPath(new URL('./src', import.meta.url)) } },
  build: {
    target: ['chrome123', 'firefox121', 'safari17.5'],
    sourcemap: false,
    // An inlined asset would be a data: URL, which the content security policy refuses.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
  },
  server: {
    host: '127.0.0.1',
    port: 5173,
    proxy: api ? { '/api': api, '/graphql': { target: api, ws: true } } : undefined,
  },
  preview: { host: '127.0.0.1', port: 4173, strictPort: true },
  test: { include: ['src/**/*.test.ts', 'mock-api/**/*.test.ts'], environment: 'node' },
})
