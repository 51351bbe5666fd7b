import { afterAll, beforeAll, expect, test } from 'vitest'
import { contractProcedures } from '../fixtures/contract-procedures.ts'
import { startDeskInProcess, testAdmin } from '../fixtures/desk-in-process.ts'
import type { DeskInProcess } from '../fixtures/desk-in-process.ts'
import { fuzzProcedure } from '../fixtures/fuzz-procedure.ts'

let desk: DeskInProcess

beforeAll(async () => {
  desk = await startDeskInProcess({ people: [testAdmin] })
})
afterAll(() => desk.stop())

test.each(contractProcedures())('$name answers no 500 to 200 random inputs', async (procedure) => {
  expect(await fuzzProcedure(desk, procedure, 200)).toEqual([])
})
