import { expect, signIn, test } from './fixture'

test('a record that could not be used is told with the reason', async ({ page }) => {
  await signIn(page)
  await page.goto('/t/default/settings/tokens')
  await page.getByRole('link', { name: 'Set aside' }).click()
  const row = page.getByRole('table', { name: 'Set aside' }).locator('tbody').getByRole('row')
  await expect(row).toHaveCount(1)
  await expect(row).toContainText('does not match its checksum')
  await expect(row).toContainText('212')
})
