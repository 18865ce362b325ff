output "uploads_bucket" {
  description = "Copy a job's folder to jobs/<id>/ in this bucket."
  value       = google_storage_bucket.uploads.name
}

output "results_bucket" {
  description = "Finished tasks and outputs appear here while the job runs."
  value       = google_storage_bucket.results.name
}

output "state_bucket" {
  description = "The functions' own records. Nothing for users."
  value       = google_storage_bucket.state.name
}

output "image_repository" {
  description = "Push the images of workers and Redis here."
  value       = local.own_registry
}

output "notices_topic" {
  description = "Subscribe to hear of every change in a job's life."
  value       = google_pubsub_topic.this["notices"].id
}

output "status_url" {
  description = "Status of all jobs as JSON, or of one with ?job=<id>; needs an identity token."
  value       = google_cloudfunctions2_function.status.url
}

output "try_it" {
  description = "Start an example, and ask how it goes. From the repository's root."
  value = {
    start = "gcloud storage cp -r examples/hello gs://${google_storage_bucket.uploads.name}/jobs/"
    status = join(" ", [
      "curl -H \"Authorization: Bearer $(gcloud auth print-identity-token)\"",
      "\"${google_cloudfunctions2_function.status.url}?job=hello\"",
    ])
  }
}

output "dead_letter_commands" {
  description = "Optional, once: keep messages that failed 100 times. Eventarc makes the subscriptions, not terraform."
  value = [
    for name, function in google_cloudfunctions2_function.event : join(" ", [
      "gcloud pubsub subscriptions update",
      "$(gcloud eventarc triggers describe ${function.event_trigger[0].trigger}",
      "--format='value(transport.pubsub.subscription)')",
      "--dead-letter-topic=${google_pubsub_topic.dead_letters.id} --max-delivery-attempts=100",
    ])
  ]
}
