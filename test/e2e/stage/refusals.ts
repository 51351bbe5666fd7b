import type { Page } from '@playwright/test'
import type { AuditEntry } from '../../../shared/contract/audit.ts'
import type { Stage } from './stage.ts'

/** Collects every request of a page that the desk refuses from now on (403 or 404), as `404 GET /api/…`. */
export function refusedRequests(page: Page): readonly string[] {
  const refused: string[] = []
  page.on('response', (response) => {
    const { pathname } = new URL(response.url())
    const isRefused = response.status() === 403 || response.status() === 404
    if (isRefused && pathname.startsWith('/api/'))
      refused.push(`${response.status()} ${response.request().method()} ${pathname}`)
  })
  return refused
}

/** What the audit log holds of refusals against a person, as `procedure: target`. */
export async function refusalsAgainst(stage: Stage, email: string): Promise<string[]> {
  const query = new URLSearchParams({ action: 'access.refused', actor: email })
  const { items } = await stage.api.want<{ items: AuditEntry[] }>('GET', `/audit?${query}`)
  return items.map(({ after, target }) => `${String(after?.['procedure'])}: ${target?.name}`)
}
