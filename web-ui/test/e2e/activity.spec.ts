import type { Locator, Page } from '@playwright/test'

import { expect, raise, signIn, test } from './fixture'

test.beforeEach(async ({ page }) => { await signIn(page) })

const events = (page: Page): Locator => page.getByRole('list', { name: 'Events' }).locator(':scope > li')

async function search(page: Page, text: string): Promise<void> {
  await page.getByRole('searchbox', { name: 'Search events' }).fill(text)
  await page.getByRole('searchbox', { name: 'Search events' }).press('Enter')
}

test('a word finds events, stands in the URL, and the link gives the same again', async ({ page }) => {
  await page.goto('/t/default/activity')
  await expect(events(page).first()).toBeVisible()
  await search(page, 'dev/tcp')
  await expect(page).toHaveURL(/text=dev%2Ftcp/)
  await expect(events(page)).toHaveCount(1)
  await page.reload()
  await expect(events(page)).toHaveCount(1)
  await expect(page.getByText(/Searched .* events in 12 blocks, 9 passed over unread/)).toBeVisible()
})

test('a wrong search says what is wrong and keeps what was shown', async ({ page }) => {
  await page.goto('/t/default/activity')
  await expect(events(page)).toHaveCount(50)
  await search(page, 'proc.name =')
  await expect(page.getByRole('alert')).toContainText('column')
  await expect(events(page)).toHaveCount(50)
  await search(page, 'nothing has this')
  await expect(page.getByText('Nothing matches in this time')).toBeVisible()
  await expect(page.getByRole('alert')).toHaveCount(0)
})

test('an event opens to who did it and narrows the search', async ({ page }) => {
  await page.goto('/t/default/activity')
  const first = events(page).first()
  await first.locator('summary').first().click()
  await expect(first.getByRole('list', { name: 'Process ancestry' })).toBeVisible()
  await expect(first.getByRole('region', { name: 'Raw event' })).toBeVisible()
  await first.getByRole('button', { name: /^User: / }).click()
  await expect(page).toHaveURL(/text=user\.name/)
  await expect(page.getByRole('searchbox', { name: 'Search events' })).toHaveValue(/^user\.name = /)
  await expect(events(page).first()).toBeVisible()
})

test('groups are counted and lead to their events', async ({ page }) => {
  await page.goto('/t/default/activity')
  await page.getByLabel('Group by').selectOption('Process')
  const card = page.getByRole('region', { name: 'By process' })
  await card.getByRole('button').first().click()
  await expect(page).toHaveURL(/text=proc\.name/)
  await expect(events(page).first()).toBeVisible()
})

test('what happens now comes on top without a reload, unless paused', async ({ page }) => {
  await page.goto('/t/default/activity')
  await expect(events(page).first()).toBeVisible()
  await raise(page, { rule: 'Shell started by a web server' })
  await expect(events(page).first()).toHaveAttribute('data-fresh', 'true')
  await expect(page.getByRole('status').filter({ hasText: '1 new event' })).toBeAttached()
  await page.getByRole('button', { name: 'Pause' }).click()
  const first = await events(page).first().innerText()
  await raise(page)
  await page.getByRole('button', { name: 'Follow' }).click()
  await expect(events(page).first()).toHaveAttribute('data-fresh', 'true')
  await expect.poll(async () => events(page).first().innerText()).not.toBe(first)
})

test('a search goes on by itself until it has something, and tells what was lost', async ({ page }) => {
  await page.goto('/t/default/activity?text=sliced')
  await expect(events(page)).toHaveCount(3)
  await expect(page.getByText("7 events of this time were lost on the way and can't be found here.")).toBeVisible()
})
