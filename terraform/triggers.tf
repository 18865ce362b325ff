# How events reach the functions. The triggers themselves are part of the functions (functions.tf); this is the leave
# they need.
resource "google_project_iam_member" "trigger_receives_events" {
  project = var.project_id
  role    = "roles/eventarc.eventReceiver"
  member  = google_service_account.this["trigger"].member
}

# One grant for each function, and none on the project: this identity can call the functions and nothing else.
resource "google_cloud_run_service_iam_member" "trigger_calls" {
  for_each = local.event_functions

  location = var.region
  service  = google_cloudfunctions2_function.event[each.key].name
  role     = "roles/run.invoker"
  member   = google_service_account.this["trigger"].member
}

# Cloud Storage tells of new objects through a topic that Eventarc makes.
data "google_storage_project_service_account" "this" {
  project = var.project_id
}

resource "google_project_iam_member" "storage_publishes_events" {
  project = var.project_id
  role    = "roles/pubsub.publisher"
  member  = data.google_storage_project_service_account.this.member
}
