import { expect } from '@playwright/test'
import type { Page } from '@playwright/test'
import type { Camera } from '../../shared/contract/cameras.ts'
import type { Group } from '../../shared/contract/groups.ts'
import type { PersonView } from '../../shared/contract/users.ts'
import { cameraPair, furnish, signIn, startStage, test } from './stage/stage.ts'
import type { Account, Stage } from './stage/stage.ts'
import { tileAt } from './stage/tiles.ts'

const vera: Account = { email: 'vera@desk.example', password: 'a kettle behind the gate' }
let stage: Stage
let gate: Camera
let lobby: Camera

test.beforeAll(async () => {
  stage = await startStage([{ receivers: [...cameraPair('gate', 'Gate'), ...cameraPair('lobby', 'Lobby')] }])
  const [alta] = stage.altas
  if (!alta) throw new Error('A server is needed.')
  const furnished = await furnish(stage, alta, ['gate', 'lobby'])
  const [first, second] = furnished.cameras
  if (!first || !second) throw new Error('Cameras are needed.')
  ;[gate, lobby] = [first, second]
  const person = { email: vera.email, username: 'vera', displayName: 'Vera Ostrova', password: vera.password }
  const { id } = await stage.api.want<PersonView>('POST', '/users', person)
  const group = await stage.api.want<Group>('POST', '/groups', { name: 'Gatehouse' })
  await stage.api.want('PUT', `/groups/${group.id}/cameras/${gate.id}`)
  await stage.api.want('PUT', `/groups/${group.id}/members/${id}`, { role: 'viewer' })
  await stage.api.want('POST', '/views', { name: 'Gate at night', layout: '1', tiles: [gate.id] })
  await stage.api.want('POST', '/views', { name: 'Lobby rush', layout: '1', tiles: [lobby.id] })
})
test.afterAll(() => stage.stop())

async function search(page: Page, words: string): Promise<void> {
  await page.keyboard.press('Control+k')
  await expect(page.getByLabel('Search everything')).toBeFocused()
  await page.keyboard.type(words)
}

// Would catch: a search that knows cameras and settings alone; a view, a person or an action that only a mouse reaches.
test('the search leads to views, people, walls of groups and actions, by keys alone', async ({ page }) => {
  await signIn(page, stage.desk.origin)

  await search(page, 'gate at')
  await expect(page.getByRole('option')).toHaveText(/Gate at night.*View/)
  await page.keyboard.press('Enter')
  await expect(tileAt(page, 1).getByTestId('tile-name')).toHaveText('Gate')
  await expect(page.getByTestId('tile')).toHaveCount(1)

  await search(page, 'gatehouse')
  await page.keyboard.press('Enter')
  await expect(page.getByTestId('wall-of')).toHaveText('Gatehouse')

  await search(page, 'vera@desk')
  await expect(page.getByRole('option')).toHaveText(/Vera Ostrova/)
  await page.keyboard.press('Enter')
  await expect(page.getByRole('heading', { name: 'Vera Ostrova', level: 1 })).toBeVisible()

  await search(page, 'switch op')
  await page.keyboard.press('Enter')
  await expect(page.getByRole('dialog')).toBeVisible()
})

// Would catch: a search that offers people, servers or other people's views to who may not see them.
test('the search offers nobody what is not theirs', async ({ page }) => {
  const asked: string[] = []
  page.on('request', (request) => asked.push(new URL(request.url()).pathname))
  await signIn(page, stage.desk.origin, vera)
  for (const words of ['lobby', 'vera@desk', 'night', 'users', 'harbour']) {
    await search(page, words)
    await expect(page.getByText(`Nothing has “${words}” in its name.`)).toBeVisible()
    await page.keyboard.press('Escape')
  }
  await search(page, 'gate')
  await expect(page.getByRole('option')).toHaveText([/^Gate(?!house)/, /^Gatehouse/])
  expect(asked.filter((path) => path.startsWith('/api/users') || path.startsWith('/api/servers'))).toEqual([])
})
