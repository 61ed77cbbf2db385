import { describe, expect, it } from 'vitest'
import { link, read, toInstance, toList } from './router'

describe('addresses of pages', () => {
  it.each([
    ['', 'hubs'], ['instances', 'instances'], ['stuck', 'stuck'], ['jobs', 'jobs'], ['audit', 'audit'], ['alerts', 'alerts'],
    ['open', 'open'], ['help', 'help'], ['hubs/a@b/partitions', 'partitions'], ['hubs/a@b/storage', 'storage'], ['hubs/a@b/runs', 'runs'],
    ['hubs/a@b', 'hub'], ['hubs/a@b/', 'hub'], ['nowhere', 'missing'], ['hubs/a@b/nowhere', 'missing'], ['a/b/c/d/e', 'missing'],
  ])('%s is the page %s', (path, page) => {
    expect(read(path).page).toBe(page)
  })

  it.each(['plain', 'order/2026/7', '100 %', 'a?b#c', 'ü:+@', '%2F', '<b>"\'&', '..', '.'])('keep the ID %s', (id) => {
    const made = toInstance('orders@local~2', id)
    const url = new URL(made, 'http://monitor/deep/')
    const place = read(url.pathname.slice('/deep/'.length), url.search)
    if (id === '..' || id === '.') return // no hub has such IDs; a browser would take them for folders
    expect([place.page, place.hub, place.id]).toEqual(['instance', 'orders@local~2', id])
  })

  it('tell entities from orchestrations', () => {
    const place = read(toInstance('h@x', '@counter@a/b'))
    expect([place.page, place.id]).toEqual(['entity', '@counter@a/b'])
  })

  it('carry state, lists as repeated names, and nothing that is empty', () => {
    expect(toList({ hub: ['a@b', 'c@d'], q: 'status:Failed x', sort: '', view: null })).toBe(
      'instances?hub=a%40b&hub=c%40d&q=status%3AFailed+x',
    )
    expect(read('instances', '?hub=a%40b&hub=c').query.getAll('hub')).toEqual(['a@b', 'c'])
  })

  it('lead home', () => {
    expect(link()).toBe('./')
  })

  it('live with a broken escape', () => {
    expect(read('hubs/100%/instances/a%').id).toBe('a%')
  })
})
