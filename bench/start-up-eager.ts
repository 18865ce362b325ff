/** What start-up.ts compares with: the same functions, all SDKs imported at once. */
import '../functions/adapters/gcs-bucket.ts';
import '../functions/adapters/gke-clusters.ts';
import '../functions/adapters/kubernetes-workloads.ts';
import '../functions/adapters/pubsub-notices.ts';
import '../functions/adapters/redis-task-queue.ts';
import '../functions/index.ts';
