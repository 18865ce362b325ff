# Progress travels as structured lines on the pods' stdout, so that pods need no credentials; Cloud Logging passes the
# few that matter on. The cluster's name, which the pods cannot forge, tells the functions which job a line is about.
locals {
  our_lines = join(" AND ", [
    "resource.type=\"k8s_container\"",
    "resource.labels.namespace_name=\"foreach-fleet\"",
    "resource.labels.cluster_name=~\"^ff-\"",
    "log_id(\"stdout\")",
  ])
  ended_operations = join(" AND ", [
    "resource.type=(\"gke_cluster\" OR \"gke_nodepool\")",
    "resource.labels.cluster_name=~\"^ff-\"",
    "log_id(\"cloudaudit.googleapis.com/activity\")",
    "protoPayload.serviceName=\"container.googleapis.com\"",
    "operation.last=true",
  ])
  sinks = {
    progress  = "(${local.our_lines} AND jsonPayload.ff=\"progress\") OR (${local.ended_operations})"
    completed = "${local.our_lines} AND jsonPayload.ff=\"completed\""
  }
}

resource "google_logging_project_sink" "this" {
  for_each = local.sinks

  name                   = local.topics[each.key]
  description            = "foreach-fleet: ${each.key}"
  destination            = "pubsub.googleapis.com/${google_pubsub_topic.this[each.key].id}"
  filter                 = each.value
  unique_writer_identity = true
}

resource "google_pubsub_topic_iam_member" "sink_publisher" {
  for_each = local.sinks

  topic  = google_pubsub_topic.this[each.key].id
  role   = "roles/pubsub.publisher"
  member = google_logging_project_sink.this[each.key].writer_identity
}
