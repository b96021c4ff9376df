import { expect, signIn, test } from './fixture'

test('a case goes from open to closed, and its timeline tells all of it', async ({ page }) => {
  await signIn(page, { name: 'ana' })
  await page.goto('/t/default/cases')
  await page.getByRole('table', { name: 'Cases' }).getByRole('link', { name: /Hands-on session/ }).click()
  const timeline = page.getByRole('list', { name: 'Timeline' })
  await expect(timeline.getByRole('listitem')).toHaveCount(3)

  await page.getByRole('button', { name: 'Assign to me' }).click()
  await expect(page.getByRole('button', { name: 'Give back' })).toBeVisible()
  await page.getByRole('button', { name: 'Start work' }).click()
  await expect(page.getByText('In progress', { exact: true })).toBeVisible()
  await page.getByLabel('Comment').fill('Marta says it was her.')
  await page.getByRole('button', { name: 'Add comment' }).click()
  await expect(timeline).toContainText('Marta says it was her.')

  await page.getByRole('button', { name: 'Close…' }).click()
  await page.getByRole('button', { name: 'Close case' }).click()
  await expect(page.getByText('Choose one to close the case.')).toBeVisible()
  await page.getByLabel('What did it turn out to be?').selectOption({ label: 'Benign: real, and meant' })
  await page.getByRole('button', { name: 'Close case' }).click()
  await expect(page.getByText('Closed: benign')).toBeVisible()
  await expect(timeline.getByRole('listitem')).toHaveCount(7)
  await page.getByRole('button', { name: 'Reopen' }).click()
  await expect(page.getByRole('button', { name: 'Close…' })).toBeVisible()
})

test('who may not work on cases sees the buttons and the reason', async ({ page }) => {
  await signIn(page, { name: 'rita' })
  await page.goto('/t/default/cases')
  await page.getByRole('link', { name: /Shell under nginx/ }).click()
  const button = page.getByRole('button', { name: 'Take over from ana' })
  await expect(button).toBeDisabled()
  await expect(button).toHaveAccessibleDescription(/may not work on cases/)
})

test('the list filters by state', async ({ page }) => {
  await signIn(page)
  await page.goto('/t/default/cases?state=closed')
  await expect(page.getByRole('table', { name: 'Cases' }).locator('tbody').getByRole('row')).toHaveCount(1)
})
