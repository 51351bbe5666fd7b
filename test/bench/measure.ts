/** One line of `out/bench.json` and of the table in the README. */
export interface BenchRow {
  readonly name: string
  readonly value: number
  readonly unit: string
  /** What stands beside it in the same run, and its value in the same unit. */
  readonly against: string
  readonly ratio: number | null
  /** The goal in words, such as `ratio <= 0.7`. */
  readonly goal: string
  readonly holds: boolean
}

/** A benchmark that `npm run bench -- NAME` can run alone. */
export interface Bench {
  readonly name: string
  run(): Promise<BenchRow[]>
}

/** The value below which `share` (0 to 1) of the samples lie; 0.5 is the median. NaN without samples. */
export function quantile(samples: readonly number[], share: number): number {
  const sorted = [...samples].sort((a, b) => a - b)
  if (sorted.length === 0) return Number.NaN
  const position = (sorted.length - 1) * share
  const below = sorted[Math.floor(position)] ?? Number.NaN
  const above = sorted[Math.ceil(position)] ?? below
  return below + (above - below) * (position - Math.floor(position))
}

export function median(samples: readonly number[]): number {
  return quantile(samples, 0.5)
}

/** A row whose goal is a bound on the ratio of ours to the other. */
export function ratioRow(
  name: string,
  unit: string,
  ours: number,
  against: string,
  theirs: number,
  bound: { readonly atMost?: number; readonly atLeast?: number },
): BenchRow {
  const ratio = ours / theirs
  const holds = ratio <= (bound.atMost ?? Infinity) && ratio >= (bound.atLeast ?? -Infinity)
  const goal =
    bound.atMost !== undefined
      ? `ratio <= ${bound.atMost}`
      : bound.atLeast !== undefined
        ? `ratio >= ${bound.atLeast}`
        : 'none'
  return {
    name,
    value: round(ours),
    unit,
    against: `${against}: ${round(theirs)} ${unit}`,
    ratio: round(ratio),
    goal,
    holds,
  }
}

/** A row whose goal is a limit on the value itself. */
export function limitRow(name: string, unit: string, value: number, limit: number): BenchRow {
  return {
    name,
    value: round(value),
    unit,
    against: `limit: ${limit} ${unit}`,
    ratio: limit === 0 ? null : round(value / limit),
    goal: `<= ${limit} ${unit}`,
    holds: value <= limit,
  }
}

/** A row whose goal is the least that the value may be. */
export function floorRow(name: string, unit: string, value: number, least: number): BenchRow {
  return {
    name,
    value: round(value),
    unit,
    against: `least: ${least} ${unit}`,
    ratio: round(value / least),
    goal: `>= ${least} ${unit}`,
    holds: value >= least,
  }
}

/** A row that states a number without a goal. */
export function factRow(
  name: string,
  unit: string,
  value: number,
  against: string,
  ratio: number | null,
): BenchRow {
  return {
    name,
    value: round(value),
    unit,
    against,
    ratio: ratio === null ? null : round(ratio),
    goal: 'none',
    holds: true,
  }
}

function round(value: number): number {
  return Math.abs(value) >= 100 ? Math.round(value) : Number(value.toPrecision(3))
}
