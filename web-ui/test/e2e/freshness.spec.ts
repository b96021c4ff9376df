import { expect, signIn, test } from './fixture'

const isFreshness = (body: string | null) => body?.includes('query Freshness') ?? false

test('people are told when what they see is not up to date, how old it is and why', async ({ page }) => {
  await signIn(page)
  await expect(page.getByText('What you see is complete up to')).toHaveCount(0)
  const freshness = { asOf: new Date(Date.now() - 90_000).toISOString(), ageSeconds: 90, stale: 'LOG_UNREACHABLE' }
  await page.route('**/graphql', (route) => (isFreshness(route.request().postData()) ? route.fulfill({ json: { data: { tenant: { freshness } } } }) : route.fallback()))
  await page.reload()
  await expect(page.getByText(/What you see is complete up to .*, 1 min ago\. The event log can’t be reached/)).toBeVisible()
})

test('a server that gives no answer leaves on the screen what it said, and when', async ({ page }) => {
  const answered = page.waitForResponse((response) => isFreshness(response.request().postData()))
  await signIn(page)
  await answered
  const refused = { errors: [{ message: 'the store does not answer', extensions: { code: 'UNAVAILABLE' } }] }
  await page.route('**/graphql', (route) => (isFreshness(route.request().postData()) ? route.fulfill({ json: refused }) : route.fallback()))
  await expect(page.getByText(/The server gives no answer; you see what it said at/)).toBeVisible({ timeout: 20_000 })
  await expect(page.getByRole('heading', { level: 1 })).toBeVisible()
})
