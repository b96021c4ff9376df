import type { Locator, Page } from '@playwright/test'

import { expect, raise, signIn, test } from './fixture'

test.beforeEach(async ({ page }) => { await signIn(page) })

const rows = (page: Page): Locator => page.getByRole('table', { name: 'Findings' }).locator('tbody').getByRole('row')

test('filters stand in the URL, and the link gives the same list again', async ({ page }) => {
  await page.goto('/t/default/findings')
  await page.getByRole('group', { name: 'Severity' }).getByRole('button', { name: 'Critical' }).click()
  await page.getByRole('searchbox', { name: /Search message/ }).fill('dev/tcp')
  await expect(page).toHaveURL(/severity=critical&text=dev%2Ftcp/)
  await expect(rows(page)).toHaveCount(1)
  await expect(rows(page).first()).toHaveAccessibleName(/Reverse shell to the network/)
  await page.reload()
  await expect(rows(page)).toHaveCount(1)
  await expect(page.getByRole('searchbox')).toHaveValue('dev/tcp')
  await page.getByRole('button', { name: 'Clear all filters' }).click()
  await expect(rows(page)).toHaveCount(50)
})

test('more rows come on request', async ({ page }) => {
  await page.goto('/t/default/findings')
  await page.getByRole('button', { name: 'Load more findings' }).click()
  await expect(rows(page)).toHaveCount(100)
})

test('a search that found nothing in its first slice offers to look further', async ({ page }) => {
  await page.goto('/t/default/findings?text=sliced')
  await expect(page.getByText('No match yet')).toBeVisible()
  await page.getByRole('button', { name: 'Load more findings' }).click()
  await expect(rows(page)).toHaveCount(3)
})

test('a new finding appears on top without a reload and is announced', async ({ page }) => {
  await page.goto('/t/default/findings')
  await expect(page.getByText('Live', { exact: true })).toBeVisible()
  await raise(page, { rule: 'Shell started by a web server' })
  await expect(rows(page).first()).toHaveAccessibleName(/Shell started by a web server/)
  await expect(rows(page).first()).toHaveAttribute('data-fresh', 'true')
  await expect(page.getByRole('status').filter({ hasText: '1 new finding' })).toBeAttached()
})

test('a new finding that does not match the filter stays away', async ({ page }) => {
  await page.goto('/t/default/findings?rule=Write%20below%20etc')
  await expect(page.getByText('Live', { exact: true })).toBeVisible()
  const before = await rows(page).count()
  await raise(page, { rule: 'Shell started by a web server' })
  await raise(page, { rule: 'Write below etc' })
  await expect(rows(page)).toHaveCount(before + 1)
  await expect(rows(page).first()).toHaveAccessibleName(/Write below etc/)
})

test('while paused nothing moves; resuming shows what came', async ({ page }) => {
  await page.goto('/t/default/findings')
  await expect(page.getByText('Live', { exact: true })).toBeVisible()
  const first = await rows(page).first().innerText()
  await page.getByRole('button', { name: 'Pause' }).click()
  await raise(page)
  await expect(page.getByRole('button', { name: 'Resume (1 new finding)' })).toBeVisible()
  expect(await rows(page).first().innerText()).toBe(first)
  await page.getByRole('button', { name: /Resume/ }).click()
  await expect(rows(page).first()).toHaveAccessibleName(/Shell started by a web server/)
})

test('what happened while the connection was lost is there when it is back', async ({ page, complaints }) => {
  await page.goto('/t/default/findings')
  await expect(page.getByText('Live', { exact: true })).toBeVisible()
  await page.request.post('/mock/drop')
  await expect(page.getByText('Connection lost, retrying')).toBeVisible()
  await raise(page, { rule: 'Reverse shell to the network' })
  await expect(page.getByText('Live', { exact: true })).toBeVisible({ timeout: 15_000 })
  await expect(rows(page).first()).toHaveAccessibleName(/Reverse shell to the network/)
  complaints.length = 0
})

test('a finding shows what happened, who did it, the rule and the raw event', async ({ page }) => {
  await page.goto('/t/default/findings?rule=Reverse%20shell%20to%20the%20network')
  await rows(page).first().getByRole('link', { name: 'Reverse shell to the network' }).click()
  await expect(page.getByRole('heading', { level: 1 })).toHaveText('Reverse shell to the network')
  const ancestry = page.getByRole('list', { name: 'Process ancestry' }).getByRole('listitem')
  await expect(ancestry.first()).toContainText('systemd')
  await expect(ancestry.last()).toContainText('/dev/tcp/203.0.113.9/4444')
  await expect(page.getByRole('region', { name: 'What happened' })).toContainText('203.0.113.9:4444')
  await expect(page.getByRole('region', { name: 'What happened' })).toContainText('www-data (uid 33)')
  await expect(page.getByRole('region', { name: 'MITRE ATT&CK' })).toContainText('Command and Scripting Interpreter')
  await expect(page.getByRole('region', { name: 'Raw event', exact: true }).first()).toContainText('"protocol": 6')
  await page.getByRole('link', { name: /Shell under nginx/ }).click()
  await expect(page.getByRole('list', { name: 'Timeline' })).toBeVisible()
})

test('"nothing found" says what it is worth', async ({ page }) => {
  await page.goto('/t/default/findings?text=no-such-thing')
  await expect(page.getByText('No finding matches these filters')).toBeVisible()
  await expect(page.getByText(/1 silent/)).toBeVisible()
  await expect(page.getByText(/9,713 lost/)).toBeVisible()
})

test('the keyboard reaches rows and the search', async ({ page }) => {
  await page.goto('/t/default/findings')
  await expect(rows(page)).toHaveCount(50)
  await page.keyboard.press('j')
  await page.keyboard.press('j')
  await expect(rows(page).nth(1).locator('[data-row-link]')).toBeFocused()
  await page.keyboard.press('k')
  await expect(rows(page).nth(0).locator('[data-row-link]')).toBeFocused()
  await page.keyboard.press('/')
  await expect(page.getByRole('searchbox')).toBeFocused()
  await page.keyboard.type('jk/')
  await expect(page.getByRole('searchbox')).toHaveValue('jk/')
})
