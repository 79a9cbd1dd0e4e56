import { useAnswer } from "../answers.ts";
import { useFormat } from "../format.ts";
import { graphql, read, type FragmentType } from "../generated/index.ts";
import { useLanguage } from "../language.tsx";
import { fill } from "../messages.ts";
import { Bar } from "../parts/bar.tsx";
import { useProgram } from "../program.ts";

const CardOfMember = graphql(`
  query CardOfMember {
    viewer {
      member {
        name
        number
        joinedAt
        progress {
          ...CardProgress
        }
      }
    }
  }
`);

const CardProgress = graphql(`
  fragment CardProgress on Progress {
    ladder {
      code
      tiers {
        code
        name
        rank
      }
    }
    tier {
      code
      name
      rank
    }
    next {
      code
      name
    }
    percent
    steps {
      metric
      window
      measured
      atLeast
      missing
      percent
      unit
      scale
    }
  }
`);

export function Card() {
  const { viewer } = useAnswer(CardOfMember, {});
  const { messages } = useLanguage();
  const program = useProgram();
  const format = useFormat();
  const member = viewer.member!;
  const [main] = read(CardProgress, member.progress);
  const tierName = (tier: { code: string; name: string }) => messages.tiers[tier.code] ?? tier.name;
  return (
    <>
      <div className="card-face" data-tier={main?.tier.code}>
        <p className="card-program">{program.name}</p>
        {main && <p className="card-tier">{tierName(main.tier)}</p>}
        <p className="card-name">{member.name ?? messages.member}</p>
        <p className="card-small">
          <span>{member.number && fill(messages.number, { number: member.number })}</span>
          <span>{fill(messages.since, { day: format.day(member.joinedAt) })}</span>
        </p>
      </div>
      {member.progress.map((progress, at) => (
        <Ladder key={at} progress={progress} tierName={tierName} />
      ))}
    </>
  );
}

interface LadderOf {
  progress: FragmentType<typeof CardProgress>;
  tierName: (tier: { code: string; name: string }) => string;
}

/** The tiers of a ladder, and what the next one takes. */
function Ladder({ progress, tierName }: LadderOf) {
  const { ladder, tier, next, percent, steps } = read(CardProgress, progress);
  const { messages } = useLanguage();
  const format = useFormat();
  return (
    <div className="ladder">
      <ol>
        {ladder.tiers.map((each) => (
          <li key={each.code} aria-current={each.code === tier.code ? "step" : undefined} data-reached={each.rank <= tier.rank}>
            {tierName(each)}
          </li>
        ))}
      </ol>
      {next ? (
        <p>{fill(messages.next, { percent: format.percent(percent), tier: tierName(next) })}</p>
      ) : (
        <p>{messages.top}</p>
      )}
      {steps.map((step) => {
        const { scale, unit } = step;
        const shown = (digits: string) => format.amount({ digits, scale, unit: unit ?? null }, { maximumFractionDigits: 0 });
        const name = `${messages.metrics[step.metric] ?? step.metric} ${messages.windows[step.window] ?? step.window}`;
        return (
          <div key={`${step.metric} ${step.window}`} className="step">
            <p>{name}</p>
            <Bar percent={step.percent} label={name} />
            <p className="small">
              {fill(messages.missing, {
                missing: shown(step.missing),
                measured: shown(step.measured),
                needed: shown(step.atLeast),
              })}
            </p>
          </div>
        );
      })}
    </div>
  );
}
