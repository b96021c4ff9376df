import { expect, raise, signIn, test } from './fixture'

test('the switcher leads to another tenant with its own things', async ({ page }) => {
  await signIn(page)
  await page.getByLabel('Tenant').selectOption('Acme Logistics')
  await expect(page).toHaveURL(/\/t\/acme$/)
  await page.getByRole('link', { name: 'Nodes', exact: true }).click()
  await expect(page.getByRole('link', { name: 'acme-gw' })).toBeVisible()
  await expect(page.getByRole('link', { name: 'laptop' })).toBeHidden()
})

test('another tenant looks exactly like one that does not exist', async ({ page }) => {
  await signIn(page, { name: 'ana' })
  const seen: string[] = []
  for (const slug of ['acme', 'never-was']) {
    await page.goto(`/t/${slug}`)
    await expect(page.getByRole('heading', { name: 'Not found', level: 1 })).toBeAttached()
    seen.push(await page.locator('#root').innerText())
  }
  expect(seen[0]).toBe(seen[1])
})

test("another tenant's finding looks exactly like an unknown one", async ({ page, browser }) => {
  const stranger = await browser.newPage()
  await signIn(stranger, { tenant: 'acme' })
  const id = await raise(stranger, { tenant: 'acme' })
  await stranger.close()
  await signIn(page, { name: 'ana' })
  const seen: string[] = []
  for (const wanted of [id, 'fnd_00000000000000000000000000000000']) {
    await page.goto(`/t/default/findings/${wanted}`)
    await expect(page.getByRole('heading', { name: 'Not found', level: 1 })).toBeAttached()
    seen.push(await page.getByRole('main').innerText())
  }
  expect(seen[0]).toBe(seen[1])
})

test('a page that fails says so and can be tried again', async ({ page, complaints }) => {
  await signIn(page)
  await page.goto('/t/default/findings?text=boom')
  await expect(page.getByRole('alert')).toContainText('This page could not be loaded')
  await expect(page.getByRole('alert')).toContainText('The mock was asked to fail.')
  await expect(page.getByRole('button', { name: 'Try again' })).toBeVisible()
  await page.getByRole('link', { name: 'Overview' }).click()
  await expect(page.getByRole('heading', { name: 'Overview', level: 1 })).toBeVisible()
  // The router logs the failure that this test asked for.
  expect(complaints.every((c) => c.includes('the mock was asked to fail'))).toBe(true)
  complaints.length = 0
})

test('the theme is kept', async ({ page }) => {
  await signIn(page)
  await page.getByRole('button', { name: 'Theme: System' }).click()
  await page.getByRole('button', { name: 'Theme: Light' }).click()
  await expect(page.locator('html')).toHaveAttribute('data-theme', 'dark')
  await page.reload()
  await expect(page.locator('html')).toHaveAttribute('data-theme', 'dark')
})
