/**
 * JSON read for showing: numbers stay the text that they were (no digit of a 64-bit ID is lost), members keep
 * their order and doubles, and what is wrong has a line and a column.
 *
 * Reading uses no recursion: a payload may be nested deeper than a call stack.
 */

export type Tree =
  | { kind: 'object'; members: [string, Tree][] }
  | { kind: 'list'; items: Tree[] }
  | { kind: 'text'; value: string }
  | { kind: 'number' | 'word'; text: string } // as it is written; words are true, false and null

/** What is wrong with a text; *line* and *column* count from 1. */
export interface JsonProblem {
  sentence: string
  position: number
  line: number
  column: number
}

export type JsonRead = { tree: Tree; problem: null } | { tree: null; problem: JsonProblem }

/** A list or an object that is not read to its end; *key* is the name of the member that comes. */
interface Box {
  tree: Extract<Tree, { kind: 'list' | 'object' }>
  key: string
}

const SPACE = /[ \t\n\r]*/y
const NUMBER = /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?/y
const WORD = /true|false|null/y
const STRING = /"(?:[^"\\\u0000-\u001f]|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))*"/y
const CHUNK = /[^"\\\u0000-\u001f]*/y

class Wrong extends Error {
  constructor(
    readonly sentence: string,
    readonly position: number,
  ) {
    super(sentence)
  }
}

/** Reads a text as JSON. */
export function readJson(text: string): JsonRead {
  try {
    return { tree: new Reader(text).read(), problem: null }
  } catch (error) {
    if (!(error instanceof Wrong)) throw error
    return { tree: null, problem: place(text, error.sentence, error.position) }
  }
}

function place(text: string, sentence: string, position: number): JsonProblem {
  const before = text.slice(0, position)
  const line = before.split('\n').length
  return { sentence, position, line, column: position - before.lastIndexOf('\n') }
}

class Reader {
  private at = 0

  constructor(private readonly text: string) {}

  read(): Tree {
    const open: Box[] = []
    for (;;) {
      let done = this.begin()
      if ((done.kind === 'list' || done.kind === 'object') && !this.take(done.kind === 'list' ? ']' : '}')) {
        open.push({ tree: done, key: done.kind === 'object' ? this.key() : '' })
        continue
      }
      for (let box = open.at(-1); box; box = open.at(-1)) {
        if (box.tree.kind === 'list') box.tree.items.push(done)
        else box.tree.members.push([box.key, done])
        if (this.take(',')) {
          if (box.tree.kind === 'object') box.key = this.key()
          break
        }
        const end = box.tree.kind === 'list' ? ']' : '}'
        if (!this.take(end)) throw this.wrong(`expected "," or "${end}"`)
        done = box.tree
        open.pop()
      }
      if (open.length > 0) continue
      this.skip(SPACE)
      if (this.at < this.text.length) throw this.wrong('expected the end of the text')
      return done
    }
  }

  private begin(): Tree {
    this.skip(SPACE)
    switch (this.text[this.at]) {
      case undefined:
        throw this.wrong('the text ends where a value is expected')
      case '{':
        this.at++
        return { kind: 'object', members: [] }
      case '[':
        this.at++
        return { kind: 'list', items: [] }
      case '"':
        return { kind: 'text', value: this.string() }
      case "'":
        throw this.wrong("texts stand in double quotes, not in '")
    }
    const number = this.skip(NUMBER)
    if (number) return { kind: 'number', text: number }
    const word = this.skip(WORD)
    if (word) return { kind: 'word', text: word }
    throw this.wrong('expected a value: a text in quotes, a number, true, false, null, [ or {')
  }

  private key(): string {
    this.skip(SPACE)
    if (this.text[this.at] !== '"')
      throw this.wrong(
        /[}\]]/.test(this.text[this.at] ?? '')
          ? 'a comma without a member behind it'
          : 'expected the name of a member in double quotes',
      )
    const key = this.string()
    if (!this.take(':')) throw this.wrong('expected ":"')
    return key
  }

  private string(): string {
    const raw = this.skip(STRING)
    if (raw) return JSON.parse(raw) as string
    const start = this.at
    this.at++
    for (;;) {
      this.skip(CHUNK)
      const char = this.text[this.at]
      if (char !== '\\') break
      if (!/^\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4})/.test(this.text.slice(this.at, this.at + 6)))
        throw this.wrong('an escape that JSON does not know')
      this.at += 2
    }
    if (this.at >= this.text.length) throw new Wrong('a text that does not end', start)
    throw this.wrong('a line break or a control character inside of a text: write it as \\n or \\u0000')
  }

  private take(char: string): boolean {
    this.skip(SPACE)
    if (this.text[this.at] !== char) return false
    this.at++
    return true
  }

  private skip(pattern: RegExp): string {
    pattern.lastIndex = this.at
    const found = pattern.exec(this.text)?.[0] ?? ''
    this.at += found.length
    return found
  }

  private wrong(sentence: string): Wrong {
    return new Wrong(sentence, this.at)
  }
}

const DEEPEST = 100 // levels of indentation; beyond it they would be most of the text

/** Return a tree as indented text; numbers as they were. */
export function writeJson(tree: Tree, indent = 2): string {
  const parts: string[] = []
  const todo: ({ tree: Tree; depth: number } | string)[] = [{ tree, depth: 0 }]
  for (let next = todo.pop(); next !== undefined; next = todo.pop()) {
    if (typeof next === 'string') {
      parts.push(next)
      continue
    }
    const { tree: one, depth } = next
    if (one.kind === 'text') parts.push(JSON.stringify(one.value))
    else if (one.kind !== 'list' && one.kind !== 'object') parts.push(one.text)
    else {
      const inner: [string | null, Tree][] =
        one.kind === 'object' ? one.members : one.items.map((item) => [null, item])
      const [begin, end] = one.kind === 'list' ? '[]' : '{}'
      if (inner.length === 0) {
        parts.push(`${begin}${end}`)
        continue
      }
      const line = (deep: number): string => `\n${' '.repeat(indent * Math.min(deep, DEEPEST))}`
      todo.push(`${line(depth)}${end}`)
      for (let i = inner.length - 1; i >= 0; i--) {
        const [key, item] = inner[i]!
        todo.push({ tree: item, depth: depth + 1 })
        todo.push(`${i ? ',' : begin}${line(depth + 1)}${key === null ? '' : `${JSON.stringify(key)}: `}`)
      }
    }
  }
  return parts.join('')
}

/** How much is in it: `3 members`, `12 items`. */
export function sizeOf(tree: Tree): string {
  if (tree.kind === 'object') return `${tree.members.length} ${tree.members.length === 1 ? 'member' : 'members'}`
  if (tree.kind === 'list') return `${tree.items.length} ${tree.items.length === 1 ? 'item' : 'items'}`
  return ''
}
