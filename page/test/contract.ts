/** Compiled, never run: the page's own types must fit what the generated OpenAPI types say the server answers. */
import type * as P from "../src/api/portal";
import type * as T from "../src/api/types";
import type { components } from "../src/openapi";

type S = components["schemas"];

function fits<Own>(answer: Own): void {
  void answer;
}

/** Each line fails to compile where the server's body no longer fits the page's type of it. */
export function contract(s: S): void {
  fits<T.Subject>(s.SubjectBody);
  fits<T.Clock>(s.ClockBody);
  fits<Omit<T.City, "extent" | "layers" | "imagery">>(s.CityBody);
  fits<Omit<T.ImageryLayer, "bounds" | "zooms">>(s.ImageryBody);
  fits<Omit<T.Layer, "style">>(s.Layer);
  fits<T.DatasetSummary>(s.DatasetSummary);
  fits<Omit<T.Dataset, "quality" | "metadata">>(s.DatasetBody);
  fits<T.Release>(s.ReleaseBody);
  fits<Omit<P.DatasetDifference, "items">>(s.DifferenceBody);
  fits<P.Offer>(s.OfferBody);
  fits<P.Standing>(s.QualityBody);
  fits<T.CityObject>(s.ObjectBody);
  fits<T.Everything>(s.EverythingBody);
  fits<T.TwinClashes>(s.ClashReportBody);
  fits<T.TwinTopic>(s.TopicBody);
  fits<T.TwinScenario>(s.ScenarioBody);
  fits<T.TwinExamination>(s.ExaminationBody);
  fits<T.RefusedRow>(s.RefusedRow);
  fits<T.Lineage>(s.LineageBody);
  fits<T.Datastream>(s.DatastreamBody);
  fits<T.Series>(s.ObservationPage);
  fits<T.Indicator>(s.IndicatorBody);
  fits<T.IndicatorHistory>(s.IndicatorHistory);
  fits<T.Alert>(s.AlertBody);
  fits<T.CodePage>(s.CodePage);
  fits<T.SceneSpec>(s.SceneBody);
  fits<Omit<T.Job, "error">>(s.JobBody);
}
