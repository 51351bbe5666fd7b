import { QueryClient, QueryObserver } from '@tanstack/vue-query'
import { expect, onTestFinished, test } from 'vitest'
import { readAgain } from '../../../../renderer/app/read-again.ts'

/** A list that is on screen, and whose answers the test gives one by one. */
function showList() {
  const client = new QueryClient({ defaultOptions: { queries: { retry: false, staleTime: Infinity } } })
  const asked: PromiseWithResolvers<string>[] = []
  const observer = new QueryObserver(client, {
    queryKey: ['cameras', 'list'],
    queryFn: () => {
      const answer = Promise.withResolvers<string>()
      asked.push(answer)
      return answer.promise
    },
  })
  const seen: unknown[] = []
  const leave = observer.subscribe(({ data }) => {
    if (data !== undefined && data !== seen.at(-1)) seen.push(data)
  })
  onTestFinished(() => {
    leave()
    client.clear()
  })
  const answered = async (value: string): Promise<void> => {
    asked.at(-1)?.resolve(value)
    await expect.poll(() => seen.at(-1)).toBe(value)
  }
  return { client, asked, answered }
}

// Would catch: a page that was told of a change while its list was being read for the first time, and shows the list from
// before it until something else changes.
test('a list that is read for the first time meanwhile is read once more', async () => {
  const { client, asked, answered } = showList()
  expect(asked).toHaveLength(1)
  for (let told = 0; told < 3; told += 1) readAgain(client, ['cameras'])
  await answered('before the change')
  await expect.poll(() => asked.length).toBe(2)
  await answered('after the change')
  expect(asked).toHaveLength(2)
})

test('one whose first read fails is read once more too', async () => {
  const { client, asked, answered } = showList()
  readAgain(client)
  asked[0]?.reject(new Error('The desk was restarting.'))
  await expect.poll(() => asked.length).toBe(2)
  await answered('after the change')
})

test('one that is shown is read again at once, and others are not', async () => {
  const { client, asked, answered } = showList()
  await answered('first')
  readAgain(client, ['servers'])
  expect(asked).toHaveLength(1)
  readAgain(client, ['cameras'])
  await expect.poll(() => asked.length).toBe(2)
  await answered('second')
})
