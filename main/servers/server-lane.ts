/** The lane of the jobs that change something on a server: they run in the order in which they were begun. */
export function serverLane(serverId: string): string {
  return `server ${serverId}`
}
