"use strict";
// The table of proposals: a search, three choices, pages, and files of the rows that are left.
(() => {
  const PAGE = 25;
  const { columns, rows } = JSON.parse(document.getElementById("proposals-data").textContent);
  const host = document.getElementById("table");
  const at = Object.fromEntries(columns.map((name, k) => [name, k]));
  const words = rows.map((row) => row.join("\n").toLowerCase());
  let page = 0;

  function make(tag, parent, text, attributes = {}) {
    const element = document.createElement(tag);
    if (text !== undefined) element.textContent = text;
    for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
    parent.append(element);
    return element;
  }

  function labelled(tag, name, css) {
    const label = make("label", controls, name, { class: css });
    return make(tag, label, undefined, { id: `by-${name}` });
  }

  const controls = make("div", host, undefined, { class: "controls", role: "search" });
  const search = labelled("input", "search", "search");
  search.type = "search";
  search.placeholder = "words of instruction, goal, plan …";
  const choices = {};
  for (const name of ["cycle", "outcome", "dropped", "origin", "family"]) {
    const values = [...new Set(rows.map((row) => row[at[name]]))].filter((value) => value !== "");
    if (values.length + rows.some((row) => row[at[name]] === "") < 2) continue; // nothing to choose from
    const select = (choices[name] = labelled("select", name, ""));
    make("option", select, "all", { value: "" });
    for (const value of values.sort()) make("option", select, String(value), { value: String(value) });
  }
  const links = make("span", controls, undefined, { class: "links" });
  const shownColumns = columns.filter((name) => rows.some((row) => row[at[name]] !== ""));
  const table = make("table", make("div", host));
  const head = make("tr", make("thead", table));
  for (const name of shownColumns) make("th", head, name, { scope: "col" });
  const body = make("tbody", table);
  const pager = make("div", host, undefined, { class: "pager" });
  const back = make("button", pager, "Back", { type: "button" });
  const next = make("button", pager, "Next", { type: "button" });
  const said = make("span", pager, "", { role: "status", id: "shown" });

  function found() {
    const wanted = search.value.toLowerCase().split(/\s+/).filter(Boolean);
    return rows.filter((row, k) =>
      wanted.every((word) => words[k].includes(word)) &&
      Object.entries(choices).every(([name, { value }]) => value === "" || String(row[at[name]]) === value));
  }

  function show() {
    const left = found();
    const pages = Math.max(1, Math.ceil(left.length / PAGE));
    page = Math.min(Math.max(page, 0), pages - 1);
    body.replaceChildren();
    for (const row of left.slice(page * PAGE, (page + 1) * PAGE)) {
      const line = make("tr", body);
      for (const name of shownColumns) {
        const value = row[at[name]];
        const cell = make("td", line, undefined, { "data-label": name });
        if (name === "plan" && value) {
          const steps = value.split("\n");
          const details = make("details", cell);
          make("summary", details, `${steps.length} subtask${steps.length === 1 ? "" : "s"}`);
          const list = make("ol", details);
          for (const step of steps) make("li", list, step);
        } else {
          cell.textContent = value;
        }
      }
    }
    back.disabled = page === 0;
    next.disabled = page === pages - 1;
    said.textContent = `${left.length} of ${rows.length} proposals, page ${page + 1} of ${pages}`;
  }

  function quoted(value) {
    const text = String(value);
    return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
  }

  function save(name, type, text) {
    const link = document.createElement("a");
    link.href = URL.createObjectURL(new Blob([text], { type }));
    link.download = name;
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 1000);
  }

  const writers = {
    CSV: () => save("proposals.csv", "text/csv", [columns, ...found()].map((row) => row.map(quoted).join(",")).join("\r\n") + "\r\n"),
    JSON: () => save("proposals.json", "application/json",
      JSON.stringify(found().map((row) => Object.fromEntries(row.map((value, k) => [columns[k], value]))), null, 1)),
  };
  for (const [name, write] of Object.entries(writers)) {
    make("button", links, `${name} of these rows`, { type: "button" }).addEventListener("click", write);
    links.append(" ");
  }
  const again = () => { page = 0; show(); };
  search.addEventListener("input", again);
  for (const select of Object.values(choices)) select.addEventListener("change", again);
  back.addEventListener("click", () => { page -= 1; show(); });
  next.addEventListener("click", () => { page += 1; show(); });
  show();
})();
