import { useTenant } from '~/hooks/useTenant'
import { Icon } from '~/ui/Icon'
import { Tag } from '~/ui/Badge'
import { techniqueName, techniqueUrl } from '~/util/attack'

import { Link } from './Link'
import css from './Techniques.module.css'

/** The first technique and how many more, for tables. */
export function TechniqueTags({ ids }: { ids: string[] }) {
  if (ids.length === 0) return <span className="muted">–</span>
  return (
    <span className={css.tags} title={ids.map((id) => `${id} ${techniqueName(id) ?? ''}`).join('\n')}>
      <Tag>{ids[0]}</Tag>
      {ids.length > 1 && (
        <>
          <span className="muted" aria-hidden="true">
            +{ids.length - 1}
          </span>
          <span className="sr-only">{ids.slice(1).join(' ')}</span>
        </>
      )}
    </span>
  )
}

/** Techniques with their names: the id leads to its findings, the arrow to the public page. */
export function TechniqueList({ ids }: { ids: string[] }) {
  const { to } = useTenant()
  if (ids.length === 0) return <span className="muted">None named by the rule.</span>
  return (
    <ul className="stack-s">
      {ids.map((id) => (
        <li key={id} className={css.item}>
          <Link to={to.findings({ technique: id })} title={`Findings with ${id}`}>
            <Tag>{id}</Tag>
          </Link>
          <span>{techniqueName(id)}</span>
          <a href={techniqueUrl(id)} target="_blank" rel="noopener noreferrer" aria-label={`${id} on attack.mitre.org, opens a new tab`} title="attack.mitre.org">
            <Icon name="external" size={13} />
          </a>
        </li>
      ))}
    </ul>
  )
}
