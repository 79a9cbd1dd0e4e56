import { useAnswer } from "../answers.ts";
import { useFormat } from "../format.ts";
import { graphql, read, type FragmentType } from "../generated/index.ts";
import { useLanguage } from "../language.tsx";
import { fill } from "../messages.ts";
import { Bar } from "../parts/bar.tsx";
import { MedalPicture } from "../parts/medal-picture.tsx";

const MedalsOfMember = graphql(`
  query MedalsOfMember {
    viewer {
      member {
        medals {
          held
          medal {
            code
          }
          level {
            number
          }
          ...MedalShown
        }
      }
    }
  }
`);

const MedalShown = graphql(`
  fragment MedalShown on MedalsStanding {
    held
    since
    percent
    medal {
      code
      name
      description
      secret
      pictures
      levels {
        number
      }
    }
    level {
      number
      name
      description
      picture
      perMille
      left
    }
    steps {
      kind
      value
      needed
      counts
      unit
      scale
    }
  }
`);

export function Medals() {
  const { viewer } = useAnswer(MedalsOfMember, {});
  const medals = viewer.member?.medals ?? [];
  // Of a medal with levels, the highest that is held and those to come.
  const above = (code: string, level: number) =>
    medals.some(({ held, medal, level: { number } }) => held && medal.code === code && number > level);
  const shown = medals.filter(({ held, medal, level }) => !(held && above(medal.code, level.number)));
  return (
    <ul className="medal-list">
      {shown.map((each) => (
        <Medal key={`${each.medal.code} ${each.level.number}`} medal={each} />
      ))}
    </ul>
  );
}

function Medal({ medal: shown }: { medal: FragmentType<typeof MedalShown> }) {
  const { medal, level, held, since, percent, steps } = read(MedalShown, shown);
  const { messages } = useLanguage();
  const format = useFormat();
  const several = medal.levels.length > 1;
  const toldOf = ({ value, needed, scale, unit }: { value: string; needed: string; scale: number; unit?: string | null }) => {
    const shown = (digits: string) => format.amount({ digits, scale, unit: unit ?? null });
    return fill(messages.step, { value: shown(value), needed: shown(needed) });
  };
  const told = [
    ...(medal.secret ? [messages.secret] : []),
    ...(level.left != null ? [fill(messages.leftOfEdition, { count: format.number(level.left) })] : []),
    fill(messages.holders, { share: format.percent(level.perMille / 10, 1) }),
  ];
  return (
    <li data-held={held} data-medal={medal.code}>
      <MedalPicture code={medal.code} level={several ? level.number : null} held={held} address={level.picture ?? medal.pictures[0]} />
      <div>
        <p>
          <strong>{level.name}</strong>
          {several && level.name === medal.name && ` · ${fill(messages.level, { level: level.number })}`}
        </p>
        <p className="small">{level.description || medal.description}</p>
        {held && since ? (
          <p className="small">{fill(messages.won, { day: format.day(since) })}</p>
        ) : (
          <>
            <Bar percent={percent} label={level.name} />
            <p className="small">
              {steps.map((step) => (step.counts ? toldOf(step) : format.percent(percent))).join(" · ")}
            </p>
          </>
        )}
        <p className="small faint">{told.join(" · ")}</p>
      </div>
    </li>
  );
}
