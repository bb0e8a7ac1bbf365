/* Keeps what an element brought for as long as it is there, for the charts that name its content. */
const BROUGHT = (self.exitlensPoints ??= new Map());
export default function ({ data, parentElement }) {
  BROUGHT.set(parentElement, data);
  dispatchEvent(new Event("exitlens-points"));
  return () => BROUGHT.delete(parentElement);
}
