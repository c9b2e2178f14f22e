package dev.mettle.core.numeric;

import java.lang.reflect.Method;
import java.util.ArrayList;
import java.util.List;

/**
 * The GPUs of this machine, as the CUDA runtime tells that every CUDA build of ND4J brings along. It is called by reflection,
 * since it is on the class path of those who have such a build only.
 */
final class CudaRuntime {

    private static final String CUDART = "org.bytedeco.cuda.global.cudart";
    private static final int SUCCESS = 0;
    private static final int COMPUTE_CAPABILITY_MAJOR = 75;
    private static final int COMPUTE_CAPABILITY_MINOR = 76;

    private CudaRuntime() {}

    /** Find all GPUs that this process sees; none, too, if there is no driver, or no CUDA that fits. */
    static List<CudaDevice> devices() {
        try {
            return devices(Class.forName(CUDART));
        } catch (ClassNotFoundException | LinkageError e) { // no libraries of CUDA
            return List.of();
        }
    }

    /** Ask a class with the methods of the CUDA runtime that are needed here. */
    static List<CudaDevice> devices(Class<?> cudart) {
        try {
            Method getCount = cudart.getMethod("cudaGetDeviceCount", int[].class);
            Method getAttribute = cudart.getMethod("cudaDeviceGetAttribute", int[].class, int.class, int.class);
            int[] count = new int[1];
            if (!succeeds(getCount.invoke(null, count))) {
                return List.of();
            }
            List<CudaDevice> devices = new ArrayList<>();
            for (int device = 0; device < count[0]; device++) {
                int[] major = new int[1];
                int[] minor = new int[1];
                if (succeeds(getAttribute.invoke(null, major, COMPUTE_CAPABILITY_MAJOR, device))
                        && succeeds(getAttribute.invoke(null, minor, COMPUTE_CAPABILITY_MINOR, device))) {
                    devices.add(new CudaDevice(device, new ComputeCapability(major[0], minor[0])));
                }
            }
            return devices;
        } catch (ReflectiveOperationException e) { // another CUDA runtime than that of the builds we know
            return List.of();
        }
    }

    private static boolean succeeds(Object error) {
        return error.equals(SUCCESS);
    }
}
