// A page that draws one JSON Schema at a time with @rjsf/core, for tests/test_forms.py.
import Form from "@rjsf/core";
import validator from "@rjsf/validator-ajv8";
import { flushSync } from "react-dom";
import { createRoot } from "react-dom/client";

let root;
let submitted;
let refused;

function draw(schema) {
  if (root) root.unmount();
  root = createRoot(document.getElementById("form"));
  submitted = refused = undefined;
  flushSync(() =>
    root.render(
      <Form
        schema={schema}
        validator={validator}
        onSubmit={({ formData }) => { submitted = formData; }}
        onError={(errors) => { refused = errors.map((error) => error.stack); }}
        showErrorList={false}
        focusOnFirstError={false}
        noHtml5Validate
      />,
    ),
  );
}

const input = (name) => document.getElementById(`root_${name}`);

// What a person sees of each field of the form.
function seen() {
  const fields = {};
  for (const name of Object.keys(drawn.properties)) {
    const element = input(name);
    const tag = element?.tagName.toLowerCase();
    fields[name] = {
      tag,
      kind: element?.type,
      value: element?.type === "checkbox" ? element.checked : element?.value,
      min: element?.min, max: element?.max,
      options: tag === "select" ? [...element.options].map((option) => option.label) : null,
      hints: element?.list ? [...element.list.options].map((option) => option.value) : null,
    };
  }
  return { fields, text: document.getElementById("form").innerText, choices: choices() };
}

// The labels of all drop-downs, those of kinds of values included.
const choices = () => [...document.querySelectorAll("select")].map((one) => [...one.options].map((option) => option.label));

function type(element, value) {
  if (element.type === "checkbox") {
    if (element.checked !== value) element.click();
    return;
  }
  const prototype = Object.getPrototypeOf(element);
  const text = element.tagName === "SELECT"
    ? [...element.options].find((option) => option.label === String(value))?.value
    : String(value);
  Object.getOwnPropertyDescriptor(prototype, "value").set.call(element, text);
  element.dispatchEvent(new Event(element.tagName === "SELECT" ? "change" : "input", { bubbles: true }));
}

let drawn;

// Draw the form, type the values and submit: what was seen, and the data or the reasons against it.
window.tried = (schema, values) => {
  drawn = schema;
  draw(schema);
  const before = seen();
  const untyped = [];
  for (const [name, value] of Object.entries(values)) {
    const element = input(name);
    if (element && "value" in element) flushSync(() => type(element, value));
    else untyped.push(name);
  }
  flushSync(() => document.querySelector("form").requestSubmit());
  return { ...before, untyped, submitted: submitted ?? null, refused: refused ?? null };
};
window.drawForm = (schema) => { drawn = schema; draw(schema); };
window.ready = true;
