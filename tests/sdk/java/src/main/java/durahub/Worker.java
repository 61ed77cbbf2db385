package durahub;

import com.microsoft.durabletask.DurableTaskGrpcWorker;
import com.microsoft.durabletask.DurableTaskGrpcWorkerBuilder;

/**
 * A worker of the app: {@code java durahub.Worker ENDPOINT [TASKHUB]}.
 *
 * <p>Without a hub it names none. It writes "worker ready" and works until it is killed.
 */
public final class Worker {
    private Worker() {}

    public static void main(String[] arguments) {
        DurableTaskGrpcWorkerBuilder builder = new DurableTaskGrpcWorkerBuilder();
        builder.grpcChannel(arguments.length > 1
                ? Connection.toHub(arguments[0], arguments[1])
                : Connection.plain(arguments[0]));
        App.register(builder);
        DurableTaskGrpcWorker worker = builder.build();
        System.out.println("worker ready"); // what is started before it is connected waits for it
        worker.startAndBlock();
    }
}
