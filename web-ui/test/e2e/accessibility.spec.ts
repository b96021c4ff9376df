import AxeBuilder from '@axe-core/playwright'
import type { Page } from '@playwright/test'

import { expect, signIn, test } from './fixture'

const openFirst = (list: string) => async (page: Page) => {
  await page.goto(list)
  await page.locator('[data-row-link]').first().click()
  await page.getByRole('navigation', { name: 'Breadcrumb' }).waitFor()
}
const visit = (path: string) => async (page: Page) => { await page.goto(path) }

const PAGES: Record<string, (page: Page) => Promise<void>> = {
  overview: visit('/t/default'),
  findings: visit('/t/default/findings'),
  finding: openFirst('/t/default/findings?severity=critical'),
  'exception form': async (page) => {
    await openFirst('/t/default/findings?severity=critical')(page)
    await page.getByRole('button', { name: 'Add exception…' }).click()
  },
  cases: visit('/t/default/cases'),
  case: openFirst('/t/default/cases?severity=critical'),
  activity: async (page) => {
    await page.goto('/t/default/activity?by=proc.name')
    await page.getByRole('list', { name: 'Events' }).locator('summary').first().click()
  },
  nodes: visit('/t/default/nodes'),
  node: async (page) => {
    await page.goto('/t/default/nodes')
    await page.getByRole('link', { name: 'web-1' }).click()
    await page.getByRole('table', { name: 'Loss ledger' }).waitFor()
  },
  rules: visit('/t/default/rules'),
  rule: visit('/t/default/rules/Write%20below%20etc'),
  'import rules': visit('/t/default/import-rules'),
  'in force': async (page) => {
    await page.goto('/t/default/in-force')
    await page.getByRole('button', { name: 'Yesterday' }).click()
    await page.getByText('turned off since').waitFor()
  },
  changes: async (page) => {
    await page.goto('/t/default/changes')
    await page.getByRole('listitem').filter({ hasText: 'turned off' }).locator('summary').click()
  },
  tokens: visit('/t/default/settings/tokens'),
  'set aside': visit('/t/default/settings/set-aside'),
  'a record that was set aside': openFirst('/t/default/settings/set-aside'),
  password: visit('/t/default/settings/password'),
  'empty tenant': visit('/t/fresh/findings'),
  'not found': visit('/t/default/findings/fnd_0'),
}

for (const scheme of ['light', 'dark'] as const) {
  test.describe(`in ${scheme}`, () => {
    test.use({ colorScheme: scheme })

    test('the sign-in page has no serious fault', async ({ page }) => {
      await page.goto('/login')
      await expect(page.getByRole('button', { name: 'Sign in' })).toBeVisible()
      await expectAccessible(page, 'sign-in')
    })

    test('no page has a serious fault', async ({ page }) => {
      test.setTimeout(180_000)
      await signIn(page)
      for (const [name, open] of Object.entries(PAGES)) {
        await test.step(name, async () => {
          await open(page)
          await expect(page.getByRole('heading', { level: 1 }).first()).toBeAttached()
          await expectAccessible(page, name)
        })
      }
    })
  })
}

async function expectAccessible(page: Page, name: string): Promise<void> {
  const { violations } = await new AxeBuilder({ page }).analyze()
  const serious = violations.filter((v) => v.impact === 'serious' || v.impact === 'critical')
  expect.soft(serious.map((v) => `${v.id}: ${v.nodes.map((n) => n.html.slice(0, 160)).join(' | ')}`), name).toEqual([])
}
