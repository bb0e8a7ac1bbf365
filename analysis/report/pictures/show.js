/* Draws the figure that the page holds, light or dark as its reader's system is. Joined after `picture.js`. */
const asked = JSON.parse(document.getElementById("asked").textContent), dark = matchMedia("(prefers-color-scheme: dark)");
const show = () => {
  const figure = structuredClone(asked.source.figure), { title, template: _, width: __, height: ___, ...layout } = figure.layout;
  const night = { background: "#15171c", raised: "#20242c", text: "#ececef", border: "#383e49" };
  const theme = dark.matches ? { ...PAPER, ...night, dark: true } : PAPER;
  figure.layout = layout;
  applyColours(figure, theme.dark);
  const plot = document.getElementById("plot"), height = asked.source.height;
  Object.assign(layout, { template: template(theme), height, autosize: true });
  fitTexts(layout, plot.clientWidth, height, theme.font);
  self.Plotly.react(plot, figure.data, layout, { displayModeBar: false, responsive: false });
};
show();
dark.addEventListener("change", show);
addEventListener("resize", show);
