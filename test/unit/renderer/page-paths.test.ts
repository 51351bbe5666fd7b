import { expect, test, vi } from 'vitest'
import { routes } from '../../../renderer/app/routes.ts'
import { isPagePath, pagePaths } from '../../../shared/domain/page-paths.ts'

// The modules of the page ask where they are as soon as they are read.
vi.hoisted(() => Object.assign(globalThis, { location: new URL('http://desk.example/live') }))

/** Every path under which the router shows something of its own. */
function pathsOf(records: typeof routes, parent = ''): string[] {
  return records.flatMap((record) => {
    const path = record.path.startsWith('/') ? record.path : `${parent}/${record.path}`.replace(/\/$/, '')
    const aliases = typeof record.alias === 'string' ? [record.alias] : (record.alias ?? [])
    return [path, ...aliases, ...pathsOf(record.children ?? [], path)]
  })
}

// Would catch: a page that opens by a click and is 404 after a reload.
test('the listener knows every path of the page, and no other', () => {
  const routed = new Set(pathsOf(routes).filter((path) => !path.includes('*')))
  expect([...routed].sort()).toEqual([...pagePaths].sort())
})

test.each(['/live', '/', '/cameras/019a2b3c-0000-7000-8000-000000000001', '/settings/users/u-1'])(
  '%s is a page',
  (path) => expect(isPagePath(path)).toBe(true),
)

test.each([
  '',
  '/Live',
  '/live/',
  '//live',
  '/./live',
  '/%6cive',
  '/cameras/',
  '/cameras/a/b',
  '/cameras/..',
])('"%s" is none', (path) => expect(isPagePath(path)).toBe(false))
