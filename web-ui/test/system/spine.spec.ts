import { spawnSync } from 'node:child_process'

import { expect, test, type Page } from '@playwright/test'

// Each demo action and the technique of its finding.
const TECHNIQUES = ['T1003.008', 'T1505.003', 'T1543', 'T1070.003', 'T1059.004', 'T1105', 'T1055.008', 'T1610']

const env = (name: string) => {
  const value = process.env[name]
  if (!value) throw new Error(`${name} is not set: run this through \`make test\``)
  return value
}

const shot = (page: Page, name: string) =>
  page.screenshot({ path: `${env('VEDETTA_SCREENSHOTS')}/${name}.png`, fullPage: true })

async function signIn(page: Page) {
  await page.goto('/')
  await page.getByLabel('Tenant').fill('default')
  await page.getByLabel('Name').fill(env('VEDETTA_USER'))
  await page.getByLabel('Password').fill(env('VEDETTA_PASSWORD'))
  await page.getByRole('button', { name: 'Sign in' }).click()
  await expect(page.getByRole('link', { name: 'Findings' }).first()).toBeVisible()
}

test('a demo attack shows live as findings and one case, and a decision is remembered', async ({ page }) => {
  const violations: string[] = []
  page.on('console', (message) => {
    if (/Content Security Policy/i.test(message.text())) violations.push(message.text())
  })

  await signIn(page)
  await page.goto('/t/default/nodes')
  await expect(page.getByRole('table', { name: 'Nodes' })).toContainText('Healthy')
  await shot(page, '1-nodes')

  await page.goto('/t/default/findings')
  await expect(page.getByRole('heading', { name: 'Findings' })).toBeVisible()
  const demo = spawnSync(env('VEDETTA_DEMO'), { encoding: 'utf8' })
  expect(demo.status, demo.stderr).toBe(0)
  const table = page.getByRole('table', { name: 'Findings' })
  // No reload from here on: the rows come by themselves.
  for (const technique of TECHNIQUES) await expect(table).toContainText(technique)
  await shot(page, '2-findings')

  await table.getByRole('row').filter({ hasText: 'T1003.008' }).first().getByRole('link').first().click()
  await expect(page.getByText('reader').first()).toBeVisible()
  await shot(page, '3-finding')

  await page.goto('/t/default/cases')
  await page.getByRole('table', { name: 'Cases' }).getByRole('link').first().click()
  await expect(page.getByRole('list', { name: 'Timeline' }).getByRole('listitem')).not.toHaveCount(0)
  await shot(page, '4-case')

  await page.goto('/t/default/rules')
  const toggle = page.getByRole('switch', { name: /^Enabled: / }).first()
  await toggle.click()
  await expect(toggle).toHaveAttribute('aria-checked', 'false')
  await shot(page, '5-rules')

  await page.goto('/t/default/in-force')
  await expect(page.getByRole('table', { name: 'Rules in force' })).toBeVisible()
  await shot(page, '6-in-force')

  expect(violations).toEqual([])
})
