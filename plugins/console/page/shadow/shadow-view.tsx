// What another server answers otherwise.
export function ShadowView() {
  return (
    <div class="view-head">
      <h1>Shadow</h1>
    </div>
  );
}
