/**
 * Every path of the page, with `:id` for one segment. The listener answers these with the page's document and nothing
 * else, so that no odd spelling of a machine's address gets its 200: Alta would take that for a yes to a viewer.
 */
export const pagePaths = [
  '/',
  '/live',
  '/cameras',
  '/cameras/:id',
  '/groups',
  '/account',
  '/register',
  '/join',
  '/recover',
  '/settings',
  '/settings/servers',
  '/settings/servers/:id',
  '/settings/users',
  '/settings/users/:id',
  '/settings/groups',
  '/settings/groups/:id',
  '/settings/invites',
  '/settings/sign-in',
  '/settings/audit',
  '/settings/listener',
  '/settings/api',
  '/settings/about',
] as const

const exact: ReadonlySet<string> = new Set(pagePaths.filter((path) => !path.endsWith('/:id')))
const withId: ReadonlySet<string> = new Set(
  pagePaths.filter((path) => path.endsWith('/:id')).map((path) => path.slice(0, -':id'.length)),
)

/** Whether `path`, as it came and without its query, is written exactly as a path of the page is. */
export function isPagePath(path: string): boolean {
  if (exact.has(path)) return true
  const cut = path.lastIndexOf('/') + 1
  return withId.has(path.slice(0, cut)) && /^[\w-]{1,64}$/.test(path.slice(cut))
}
