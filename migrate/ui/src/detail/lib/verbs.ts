// Actions as dialogs ask for them: their fields, what is checked before they are sent, their bodies.
import type { ActionBody, Verb } from '../../lib/types'
import { readJson } from '../../lib/json'

/** A field of a dialog. *json* fields are optional JSON; `time` ones are what `datetime-local` gives. */
export interface Field {
  name: string
  label: string
  kind: 'text' | 'json' | 'flag' | 'time' | 'tags' | 'name'
  help?: string
  required?: boolean
  value?: string | boolean
}

/** An action. *confirm* makes the reader type the target; *preview* asks what it would do before it is done. */
export interface Action {
  verb: Verb
  text: string
  help: string
  fields: Field[]
  preview: boolean
  confirm: boolean
}

const JSON_HELP = 'JSON: a text stands in double quotes. Empty: no payload.'

const every: Action[] = [
  {
    verb: 'start',
    text: 'Start',
    help: 'Starts a new instance.',
    fields: [
      { name: 'name', label: 'Orchestrator', kind: 'name', required: true },
      { name: 'id', label: 'Instance ID', kind: 'text', help: 'Empty: one is made.' },
      { name: 'input', label: 'Input', kind: 'json', help: JSON_HELP },
      { name: 'version', label: 'Version', kind: 'text' },
      { name: 'at', label: 'Start at', kind: 'time', help: 'Empty: now.' },
      { name: 'tags', label: 'Tags', kind: 'tags', help: 'One a line: name=value.' },
    ],
    preview: false,
    confirm: false,
  },
  {
    verb: 'raise-event',
    text: 'Raise event',
    help: 'Sends an event to the instance. If it does not wait for it yet, it is kept until it does.',
    fields: [
      { name: 'name', label: 'Event', kind: 'name', required: true, help: 'As the orchestrator calls it; some SDKs tell upper case from lower case.' },
      { name: 'data', label: 'Data', kind: 'json', help: JSON_HELP },
    ],
    preview: false,
    confirm: false,
  },
  {
    verb: 'suspend',
    text: 'Suspend',
    help: 'The instance takes no further step until it is resumed. What runs already goes on to its end.',
    fields: [],
    preview: false,
    confirm: false,
  },
  {
    verb: 'resume',
    text: 'Resume',
    help: 'The instance goes on, and takes what has come for it in the meantime.',
    fields: [],
    preview: false,
    confirm: false,
  },
  {
    verb: 'terminate',
    text: 'Terminate',
    help: 'Ends the instance for good. Activities that run are not stopped; their results are dropped.',
    fields: [
      { name: 'recursive', label: 'Its sub-orchestrations too', kind: 'flag', value: true },
    ],
    preview: true,
    confirm: true,
  },
  {
    verb: 'restart',
    text: 'Restart',
    help: 'Starts the same orchestrator again with the same input.',
    fields: [
      {
        name: 'newId',
        label: 'Under a new ID',
        kind: 'flag',
        value: true,
        help: 'Otherwise the instance is replaced, with its history.',
      },
    ],
    preview: false,
    confirm: false,
  },
  {
    verb: 'rewind',
    text: 'Rewind',
    help: 'Takes what has failed out of the history, and runs it again from there.',
    fields: [],
    preview: true,
    confirm: false,
  },
  {
    verb: 'set-custom-status',
    text: 'Set custom status',
    help: 'Writes into the row of the instance. Its orchestrator may overwrite it at its next step.',
    fields: [{ name: 'value', label: 'Custom status', kind: 'json', help: JSON_HELP }],
    preview: false,
    confirm: false,
  },
  {
    verb: 'purge',
    text: 'Purge',
    help: 'Deletes the instance with its history and its payloads. This cannot be undone.',
    fields: [
      { name: 'recursive', label: 'Its sub-orchestrations too', kind: 'flag', value: false },
    ],
    preview: true,
    confirm: true,
  },
  {
    verb: 'signal-entity',
    text: 'Signal',
    help: 'Sends an operation to the entity, without waiting for an answer.',
    fields: [
      { name: 'operation', label: 'Operation', kind: 'text', required: true },
      { name: 'data', label: 'Input', kind: 'json', help: JSON_HELP },
      { name: 'at', label: 'Deliver at', kind: 'time', help: 'Empty: now.' },
    ],
    preview: false,
    confirm: false,
  },
  {
    verb: 'delete-entity',
    text: 'Delete',
    help: 'Deletes the entity with its state, history and payloads. This cannot be undone.',
    fields: [],
    preview: true,
    confirm: true,
  },
  {
    verb: 'clean-entities',
    text: 'Clean entities',
    help: 'Removes entities of the hub that hold nothing, and locks whose holders have ended.',
    fields: [
      { name: 'empty', label: 'Remove empty entities', kind: 'flag', value: true },
      { name: 'locks', label: 'Release orphaned locks', kind: 'flag', value: true },
    ],
    preview: true,
    confirm: false,
  },
]

const BY_VERB = new Map(every.map((one) => [one.verb, one]))

export function action(verb: string): Action | undefined {
  return BY_VERB.get(verb as Verb)
}

export type Answers = Record<string, string | boolean>

/** Return what a dialog begins with; *known* wins over what fields have by themselves. */
export function beginning(action: Action, known: Answers = {}): Answers {
  const answers: Answers = {}
  for (const field of action.fields)
    answers[field.name] = known[field.name] ?? field.value ?? (field.kind === 'flag' ? false : '')
  return answers
}

/** Return what is wrong with the answers, a sentence by field. */
export function problems(action: Action, answers: Answers): Record<string, string> {
  const found: Record<string, string> = {}
  for (const field of action.fields) {
    const answer = answers[field.name]
    if (typeof answer !== 'string') continue
    const text = answer.trim()
    if (!text) {
      if (field.required) found[field.name] = `${field.label} is needed.`
    } else if (field.kind === 'json') {
      const { problem } = readJson(answer)
      if (problem) found[field.name] = `Line ${problem.line}, column ${problem.column}: ${problem.sentence}.`
    } else if (field.kind === 'time' && Number.isNaN(Date.parse(text))) {
      found[field.name] = `${field.label} is not a time.`
    } else if (field.kind === 'tags') {
      const line = text.split('\n').findIndex((one) => one.trim() && !/^\s*[^=\s][^=]*=/.test(one))
      if (line >= 0) found[field.name] = `Line ${line + 1} is not name=value.`
    }
  }
  return found
}

/** Return the arguments as the API takes them: payloads as the JSON text that was typed, times in UTC. */
export function argumentsOf(action: Action, answers: Answers): Record<string, unknown> {
  const given: Record<string, unknown> = {}
  for (const field of action.fields) {
    const answer = answers[field.name]
    if (typeof answer === 'boolean') given[field.name] = answer
    if (typeof answer !== 'string' || !answer.trim()) continue
    if (field.kind === 'json') given[field.name] = answer
    else if (field.kind === 'time') given[field.name] = new Date(answer).toISOString()
    else if (field.kind === 'tags') given[field.name] = tags(answer)
    else given[field.name] = answer.trim()
  }
  return given
}

function tags(text: string): Record<string, string> {
  const found: Record<string, string> = {}
  for (const line of text.split('\n')) {
    const at = line.indexOf('=')
    if (at > 0) found[line.slice(0, at).trim()] = line.slice(at + 1).trim()
  }
  return found
}

export function body(
  action: Action,
  target: string,
  answers: Answers,
  reason: string,
  dryRun: boolean,
): ActionBody {
  const given = reason.trim()
  return {
    verb: action.verb,
    target,
    arguments: argumentsOf(action, answers),
    reason: given || null,
    dryRun,
  }
}
