import { expect, test as base, type Page } from '@playwright/test'

export { expect }

type Credentials = { tenant?: string; name?: string; password?: string }

/** Fills the form and waits for the console. */
export async function signIn(page: Page, { tenant = 'default', name = 'admin', password = name }: Credentials = {}): Promise<void> {
  await page.goto('/login')
  await page.getByLabel('Name').fill(name)
  await page.getByLabel('Password').fill(password)
  await page.getByLabel('Tenant').fill(tenant)
  await page.getByRole('button', { name: 'Sign in' }).click()
  await expect(page.getByRole('heading', { name: 'Overview', level: 1 })).toBeVisible()
}

/** Makes a finding happen in the mock's world of this session. */
export async function raise(page: Page, what: { tenant?: string; rule?: string; hostname?: string } = {}): Promise<string> {
  const response = await page.request.post('/mock/raise', { data: what })
  expect(response.ok()).toBe(true)
  return ((await response.json()) as { id: string }).id
}

/** Fails a test whose page broke the content security policy or logged an error. */
export const test = base.extend<{ complaints: string[] }>({
  complaints: [
    async ({ page }, use) => {
      const complaints: string[] = []
      page.on('console', (m) => {
        // A refused sign-in is a 401 on purpose, and the browser logs each one.
        if (m.type() === 'error' && !/status of (401|429)/.test(m.text())) complaints.push(m.text())
      })
      page.on('pageerror', (e) => complaints.push(String(e)))
      await use(complaints)
      expect(complaints).toEqual([])
    },
    { auto: true },
  ],
})
