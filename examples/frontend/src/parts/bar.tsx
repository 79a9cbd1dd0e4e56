/** A bar that is filled by so many percent. */
export function Bar({ percent, label }: { percent: number; label: string }) {
  return (
    <div className="bar" role="progressbar" aria-label={label} aria-valuemin={0} aria-valuemax={100} aria-valuenow={percent}>
      <div style={{ inlineSize: `${percent}%` }} />
    </div>
  );
}
