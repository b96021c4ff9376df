import { defineConfig } from '@playwright/test'

// The console against a running system. tests/tests/browser.rs starts one and calls this.
export default defineConfig({
  testDir: './test/system',
  outputDir: process.env.VEDETTA_TEST_OUTPUT ?? 'test-results/system',
  workers: 1,
  retries: 0,
  timeout: 90_000,
  expect: { timeout: 20_000 },
  reporter: [['list']],
  use: {
    baseURL: process.env.VEDETTA_URL,
    viewport: { width: 1440, height: 900 },
    trace: 'retain-on-failure',
    launchOptions: {
      executablePath: '/usr/bin/chromium',
      args: [
        '--headless', '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run',
        '--disable-background-networking', '--disable-component-update', '--disable-sync',
      ],
    },
  },
})
