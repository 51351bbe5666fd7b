import { afterAll, beforeAll, expect, test } from 'vitest'
import { ApiClient } from '../fixtures/api-client.ts'
import { contractProcedures } from '../fixtures/contract-procedures.ts'
import { startDeskInProcess, testAdmin } from '../fixtures/desk-in-process.ts'
import type { DeskInProcess } from '../fixtures/desk-in-process.ts'
import { callOverHttp, callOverPort } from '../fixtures/procedure-calls.ts'
import { randomInputs } from '../fixtures/random-inputs.ts'

const seed = 20_250_716
const inputsEach = 200
let desk: DeskInProcess

beforeAll(async () => {
  desk = await startDeskInProcess({ people: [testAdmin] })
})
afterAll(() => desk.stop())

test.each(contractProcedures())('$name answers no 500 to 200 random inputs', async (procedure) => {
  const api = new ApiClient(desk.origin)
  await api.signIn(testAdmin.email, testAdmin.password)
  let token = api.token
  const window = desk.window(() => token)
  const next = randomInputs(procedure, seed)
  for (let count = 0; count < inputsEach; count += 1) {
    const input = next()
    const result =
      count % 4 === 0
        ? await callOverPort(window, procedure, input)
        : await callOverHttp(desk.origin, procedure, token, input)
    expect(result.status, `${JSON.stringify(input)} -> ${JSON.stringify(result)}`).toBeLessThan(500)
    if (procedure.name === 'auth.logout') {
      await api.signIn(testAdmin.email, testAdmin.password)
      token = api.token
    }
  }
})
