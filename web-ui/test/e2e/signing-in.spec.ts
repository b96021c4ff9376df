import { expect, signIn, test } from './fixture'

test('the console runs under the strict policy', async ({ page }) => {
  const response = await page.goto('/login')
  expect(response?.headers()['content-security-policy']).toContain("style-src 'self'")
  await expect(page.getByRole('button', { name: 'Sign in' })).toBeVisible()
})

test('a wrong password is refused and says so', async ({ page }) => {
  await page.goto('/login')
  await page.getByLabel('Name').fill('admin')
  await page.getByLabel('Password').fill('wrong')
  await page.getByRole('button', { name: 'Sign in' }).click()
  await expect(page.getByRole('alert')).toHaveText('Name or password is wrong.')
  await expect(page.getByLabel('Password')).toHaveValue('')
})

test('too many tries say how long to wait', async ({ page }) => {
  await page.goto('/login')
  await page.getByLabel('Name').fill('admin')
  await page.getByLabel('Password').fill('throttled')
  await page.getByRole('button', { name: 'Sign in' }).click()
  await expect(page.getByRole('alert')).toContainText('30 seconds')
})

test('a link opened without a session leads there after signing in', async ({ page }) => {
  await page.goto('/t/default/findings?severity=critical')
  await expect(page.getByLabel('Tenant')).toHaveValue('default')
  await page.getByLabel('Name').fill('admin')
  await page.getByLabel('Password').fill('admin')
  await page.getByRole('button', { name: 'Sign in' }).click()
  await expect(page).toHaveURL(/\/t\/default\/findings\?severity=critical$/)
  await expect(page.getByRole('table', { name: 'Findings' }).getByRole('row')).toHaveCount(3)
})

test('signing out ends the session', async ({ page }) => {
  await signIn(page)
  await page.getByRole('button', { name: /Sign out/ }).click()
  await expect(page.getByRole('button', { name: 'Sign in' })).toBeVisible()
  await page.goto('/t/default')
  await expect(page.getByRole('button', { name: 'Sign in' })).toBeVisible()
})

test('a session that ends while working leads to the sign-in page and back', async ({ page, context }) => {
  await signIn(page)
  await context.clearCookies()
  await page.getByRole('link', { name: 'Cases', exact: true }).click()
  await expect(page).toHaveURL(/\/login\?next=/)
})

test('a generated password asks to be replaced', async ({ page }) => {
  await signIn(page, { name: 'rita' })
  await page.getByRole('link', { name: 'Choose your own' }).click()
  await page.getByLabel('Current password').fill('rita')
  await page.getByLabel('New password', { exact: true }).fill('short')
  await page.getByLabel('New password again').fill('other')
  await page.getByRole('button', { name: 'Change password' }).click()
  await expect(page.getByText('The two are not the same.')).toBeVisible()
  await page.getByLabel('New password again').fill('short')
  await page.getByRole('button', { name: 'Change password' }).click()
  await expect(page.getByText('a password has at least 12 characters')).toBeVisible()
  for (const label of ['New password', 'New password again']) await page.getByLabel(label, { exact: true }).fill('an old lighthouse')
  await page.getByRole('button', { name: 'Change password' }).click()
  await expect(page.getByText('Your password is changed.')).toBeVisible()
  await expect(page.getByRole('link', { name: 'Choose your own' })).toBeHidden()
})
