import { html, type TemplateResult } from "lit";
import { address } from "../api/client";
import type { Datastream } from "../api/types";
import { command } from "../shell/parts";

/** Return how to read a datastream's window by curl, by Python and over SensorThings, ready to copy. */
export function programs(stream: Datastream, start: string, end: string): TemplateResult {
  const { origin } = window.location;
  const csv = `${origin}${address("/observations", { datastream: stream.id, start, end, format: "csv" })}`;
  const standard = `${origin}/sta/v1.1/Datastreams(${stream.number})/Observations?$orderby=phenomenonTime%20desc&$top=100`;
  const python = `import pandas as pd\n\ntable = pd.read_csv(\n    "${csv}",\n    parse_dates=["time"],\n)`;
  return html`<p><b>curl</b></p>${command(`curl -o ${stream.number}.csv '${csv}'`)}<p><b>Python</b></p>${command(python)}<p><b>SensorThings</b></p>${command(`curl '${standard}'`)}`;
}
