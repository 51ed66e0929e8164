// What an agent says of its machine, in HAProxy's agent-check words: "up 75%", "drain", "down # disk full".

/** What an agent has said so far of the machine that it runs on. */
export interface AgentReport {
  /** False after `down`, `fail`, `failed` or `stopped`, until it says `up`. */
  readonly up: boolean;
  /** What the machine is kept for: `drain` takes no new clients, `maint` none at all; until it says `ready`. */
  readonly admin: 'ready' | 'drain' | 'maint';
  /** Share of its configured weight that it wants. */
  readonly percent: number;
}

/** An agent that has not said anything yet. */
export const silentAgent: AgentReport = { up: true, admin: 'ready', percent: 100 };

const mostPercent = 25_600;

/** What is known after an agent has said this line: what it does not mention stays as it was, words it may not use are passed over. */
export function hear(before: AgentReport, line: string): AgentReport {
  const [said = ''] = line.split('#', 1);
  return said
    .toLowerCase()
    .split(/[\s,]+/)
    .reduce(hearWord, before);
}

function hearWord(report: AgentReport, word: string): AgentReport {
  if (word === 'up') return { ...report, up: true };
  if (word === 'down' || word === 'fail' || word === 'failed' || word === 'stopped') return { ...report, up: false };
  if (word === 'ready' || word === 'drain' || word === 'maint') return { ...report, admin: word };
  if (/^\d{1,9}%$/.test(word)) return { ...report, percent: Math.min(Number(word.slice(0, -1)), mostPercent) };
  return report;
}

export function sameReport(a: AgentReport, b: AgentReport): boolean {
  return a.up === b.up && a.admin === b.admin && a.percent === b.percent;
}
