/* Draws the picture that the page asks for: as text where a program reads it, or as the page itself where it is printed. Joined after
 * `picture.js`. */
const asked = JSON.parse(document.getElementById("asked").textContent), paper = asked.paper;
const told = (id, text) => {
  const node = document.createElement("pre");
  node.id = id;
  node.textContent = btoa(Array.from(new TextEncoder().encode(text), (one) => String.fromCharCode(one)).join(""));
  document.body.replaceChildren(node);
};
picture(asked.source, asked.size, asked.about).then(({ text, width, height }) => {
  if (!paper) return told("made", text);
  const style = document.createElement("style");
  style.textContent = `@page { size: ${width}pt ${height}pt; margin: 0 } html, body { margin: 0; overflow: hidden; height: ${height}pt }
    svg { display: block; width: ${width}pt; height: ${height}pt }`;
  document.head.append(style);
  document.body.replaceChildren(new DOMParser().parseFromString(text, "image/svg+xml").documentElement);
}).catch((error) => told("fault", String(error.message ?? error)));
